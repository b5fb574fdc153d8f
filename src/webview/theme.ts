import { interpolateLab, interpolateViridis, scaleLinear } from "d3";

export type ThemeKind = "light" | "dark" | "contrast" | "contrast-light";

/** Colours resolved to plain values (canvas and exported SVG cannot read variables) and how much may move. */
export interface Theme {
  readonly kind: ThemeKind;
  readonly fore: string;
  readonly back: string;
  readonly quiet: string;
  readonly line: string;
  readonly accent: string;
  readonly font: string;
  /** Class 0 and class 1: blue and orange, always with a circle and a triangle beside. */
  readonly classes: readonly [string, string];
  /** 0..1 from nothing to most. */
  amount(t: number): string;
  /** -1..1 from class 0's side over the boundary to class 1's. */
  side(t: number): string;
  /** -1..1 from below chance to above it: purple and teal, because blue and orange mean the classes and nothing else. */
  signed(t: number): string;
  readonly moves: boolean;
  readonly contrast: boolean;
}

const HUES: Record<ThemeKind, { classes: [string, string]; middle: string; fore: string; back: string; quiet: string; line: string; accent: string }> = {
  light: { classes: ["#0b66c3", "#c4570a"], middle: "#f4f3f1", fore: "#1f1f1f", back: "#ffffff", quiet: "#5c5c5c", line: "#d0d0d0", accent: "#005fb8" },
  dark: { classes: ["#52a8ff", "#ff9d42"], middle: "#26282b", fore: "#d4d4d4", back: "#1e1e1e", quiet: "#a0a0a0", line: "#454545", accent: "#4daafc" },
  contrast: { classes: ["#6fc0ff", "#ffb347"], middle: "#000000", fore: "#ffffff", back: "#000000", quiet: "#e6e6e6", line: "#6fc3df", accent: "#f38518" },
  "contrast-light": {
    classes: ["#0047b3", "#a33c00"],
    middle: "#ffffff",
    fore: "#000000",
    back: "#ffffff",
    quiet: "#292929",
    line: "#0f4a85",
    accent: "#b5200d",
  },
};

/** VS Code's own colours where the page has them; the defaults of the kind elsewhere (a report, an exported picture). */
export function readTheme(body: HTMLElement = document.body): Theme {
  const kind = kindOf(body);
  const style = getComputedStyle(body);
  const token = (name: string, otherwise: string) => style.getPropertyValue(`--vscode-${name}`).trim() || otherwise;
  const hues = HUES[kind];
  const still = body.classList.contains("vscode-reduce-motion") || matchMedia("(prefers-reduced-motion: reduce)").matches;
  return makeTheme(kind, {
    fore: token("editor-foreground", token("foreground", hues.fore)),
    back: token("editor-background", hues.back),
    quiet: token("descriptionForeground", hues.quiet),
    line: token(kind.startsWith("contrast") ? "contrastBorder" : "panel-border", hues.line),
    accent: token(kind.startsWith("contrast") ? "contrastActiveBorder" : "focusBorder", hues.accent),
    font: token("font-family", "system-ui, sans-serif"),
    moves: !still,
  });
}

/** Fixed colours on white, for pictures that leave the editor. */
export const paperTheme = (): Theme => makeTheme("light", { ...HUES.light, font: "system-ui, sans-serif", moves: false });

function makeTheme(kind: ThemeKind, own: Pick<Theme, "fore" | "back" | "quiet" | "line" | "accent" | "font" | "moves">): Theme {
  const { classes, middle } = HUES[kind];
  const bright = kind === "light" || kind === "contrast-light";
  const through = (low: string, high: string) => scaleLinear<string>().domain([0, 0.5, 1]).range([low, middle, high]).interpolate(interpolateLab);
  const sides = through(classes[0], classes[1]);
  const signs = bright ? through("#8a3ea8", "#00796b") : through("#cf8be6", "#3cc9b0");
  return {
    ...own,
    kind,
    classes,
    contrast: kind.startsWith("contrast"),
    // More is further from the background: bright on dark themes, deep on light ones.
    amount: (t) => interpolateViridis(bright ? 1 - clamp(t, 0, 1) : clamp(t, 0, 1)),
    side: (t) => sides((lift(t) + 1) / 2),
    signed: (t) => signs((lift(t) + 1) / 2),
  };
}

/** -1..1; small values get more of the scale, because the middle of a diverging scale is dull on any ground. */
const lift = (t: number) => Math.sign(t) * Math.min(1, Math.abs(t)) ** 0.7;
const clamp = (value: number, lo: number, hi: number) => Math.max(lo, Math.min(hi, value));

function kindOf(body: HTMLElement): ThemeKind {
  const { classList } = body;
  if (classList.contains("vscode-high-contrast-light")) return "contrast-light";
  if (classList.contains("vscode-high-contrast")) return "contrast";
  if (classList.contains("vscode-dark")) return "dark";
  if (classList.contains("vscode-light")) return "light";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Tells of every change of theme or of the wish for stillness; the answer stops the watching. */
export function watchTheme(changed: (theme: Theme) => void): () => void {
  const tell = () => changed(readTheme());
  const observer = new MutationObserver(tell);
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "data-vscode-theme-id"] });
  // VS Code writes its variables to the root element's style.
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style"] });
  const motion = matchMedia("(prefers-reduced-motion: reduce)");
  motion.addEventListener("change", tell);
  return () => {
    observer.disconnect();
    motion.removeEventListener("change", tell);
  };
}
