/** VS Code's variables in its default themes, as far as the panel reads them (values of Dark Modern, Light Modern and the two high contrast themes). */
export const THEMES = {
  dark: {
    class: "vscode-dark",
    tokens: {
      foreground: "#cccccc", "editor-foreground": "#cccccc", "editor-background": "#1f1f1f", descriptionForeground: "#9d9d9d", focusBorder: "#0078d4", "panel-border": "#2b2b2b",
      "button-background": "#0078d4", "button-foreground": "#ffffff", "button-hoverBackground": "#026ec1", "button-secondaryBackground": "#313131", "button-secondaryForeground": "#cccccc", "button-secondaryHoverBackground": "#3c3c3c",
      "input-background": "#313131", "input-foreground": "#cccccc", "input-placeholderForeground": "#989898", "dropdown-background": "#313131", "dropdown-foreground": "#cccccc", "dropdown-border": "#3c3c3c", "settings-textInputBorder": "#3c3c3c",
      "list-activeSelectionBackground": "#04395e", "list-activeSelectionForeground": "#ffffff", "list-hoverBackground": "#2a2d2e", "badge-background": "#616161", "badge-foreground": "#f8f8f8",
      "textLink-foreground": "#4daafc", "progressBar-background": "#0078d4", "editorHoverWidget-background": "#202020", "editorHoverWidget-border": "#454545", "menu-background": "#1f1f1f", "menu-border": "#454545",
      "textBlockQuote-background": "#2b2b2b", "checkbox-background": "#313131", "checkbox-border": "#3c3c3c", "checkbox-foreground": "#cccccc",
    },
  },
  light: {
    class: "vscode-light",
    tokens: {
      foreground: "#3b3b3b", "editor-foreground": "#3b3b3b", "editor-background": "#ffffff", descriptionForeground: "#3b3b3b", focusBorder: "#005fb8", "panel-border": "#e5e5e5",
      "button-background": "#005fb8", "button-foreground": "#ffffff", "button-hoverBackground": "#0258a8", "button-secondaryBackground": "#e5e5e5", "button-secondaryForeground": "#3b3b3b", "button-secondaryHoverBackground": "#cccccc",
      "input-background": "#ffffff", "input-foreground": "#3b3b3b", "input-placeholderForeground": "#767676", "dropdown-background": "#ffffff", "dropdown-foreground": "#3b3b3b", "dropdown-border": "#cecece", "settings-textInputBorder": "#cecece",
      "list-activeSelectionBackground": "#e8e8e8", "list-activeSelectionForeground": "#000000", "list-hoverBackground": "#f2f2f2", "badge-background": "#cccccc", "badge-foreground": "#3b3b3b",
      "textLink-foreground": "#005fb8", "progressBar-background": "#005fb8", "editorHoverWidget-background": "#f8f8f8", "editorHoverWidget-border": "#c8c8c8", "menu-background": "#ffffff", "menu-border": "#cecece",
      "textBlockQuote-background": "#f8f8f8", "checkbox-background": "#f8f8f8", "checkbox-border": "#cecece", "checkbox-foreground": "#3b3b3b",
    },
  },
  contrast: {
    class: "vscode-high-contrast",
    tokens: {
      foreground: "#ffffff", "editor-foreground": "#ffffff", "editor-background": "#000000", descriptionForeground: "#ffffff", focusBorder: "#f38518", contrastBorder: "#6fc3df", contrastActiveBorder: "#f38518", "panel-border": "#6fc3df",
      "button-background": "#000000", "button-foreground": "#ffffff", "button-border": "#6fc3df", "button-secondaryBackground": "#000000", "button-secondaryForeground": "#ffffff", "input-background": "#000000", "input-foreground": "#ffffff",
      "input-placeholderForeground": "#ffffffb3", "dropdown-background": "#000000", "dropdown-foreground": "#ffffff", "dropdown-border": "#6fc3df", "settings-textInputBorder": "#6fc3df", "list-activeSelectionBackground": "#000000",
      "list-activeSelectionForeground": "#ffffff", "list-hoverBackground": "#000000", "badge-background": "#000000", "badge-foreground": "#ffffff", "textLink-foreground": "#21a6ff", "progressBar-background": "#6fc3df",
      "editorHoverWidget-background": "#000000", "editorHoverWidget-border": "#6fc3df", "menu-background": "#000000", "menu-border": "#6fc3df", "textBlockQuote-background": "#000000", "checkbox-background": "#000000", "checkbox-border": "#6fc3df", "checkbox-foreground": "#ffffff",
    },
  },
  "contrast-light": {
    class: "vscode-high-contrast vscode-high-contrast-light",
    tokens: {
      foreground: "#292929", "editor-foreground": "#292929", "editor-background": "#ffffff", descriptionForeground: "#292929", focusBorder: "#006bbd", contrastBorder: "#0f4a85", contrastActiveBorder: "#006bbd", "panel-border": "#0f4a85",
      "button-background": "#0f4a85", "button-foreground": "#ffffff", "button-border": "#0f4a85", "button-secondaryBackground": "#ffffff", "button-secondaryForeground": "#292929", "input-background": "#ffffff", "input-foreground": "#292929",
      "input-placeholderForeground": "#292929b3", "dropdown-background": "#ffffff", "dropdown-foreground": "#292929", "dropdown-border": "#0f4a85", "settings-textInputBorder": "#0f4a85", "list-activeSelectionBackground": "#0f4a8519",
      "list-activeSelectionForeground": "#292929", "list-hoverBackground": "#0f4a8519", "badge-background": "#0f4a85", "badge-foreground": "#ffffff", "textLink-foreground": "#0f4a85", "progressBar-background": "#0f4a85",
      "editorHoverWidget-background": "#ffffff", "editorHoverWidget-border": "#0f4a85", "menu-background": "#ffffff", "menu-border": "#0f4a85", "textBlockQuote-background": "#f2f2f2", "checkbox-background": "#ffffff", "checkbox-border": "#0f4a85", "checkbox-foreground": "#292929",
    },
  },
} as const;

export type ThemeName = keyof typeof THEMES;

export function themeCss(name: ThemeName): string {
  const own = Object.entries(THEMES[name].tokens).map(([token, value]) => `--vscode-${token}:${value};`);
  return `:root{--vscode-font-family:"Segoe UI",system-ui,Ubuntu,"Droid Sans",sans-serif;--vscode-font-size:13px;${own.join("")}}`;
}
