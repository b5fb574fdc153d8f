import { randomBytes } from "node:crypto";

export interface PanelPage {
  /** Webview addresses of the panel's own files. */
  readonly script: string;
  readonly styles: readonly string[];
  /** The webview's own origin, as VS Code gives it. */
  readonly cspSource: string;
}

export const newNonce = (): string => randomBytes(18).toString("base64url");

const escapeHtml = (s: string) => s.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** The panel's page: no inline script or style, nothing from elsewhere, no data. State is asked for by message. */
export function panelHtml(page: PanelPage, nonce = newNonce()): string {
  const csp = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${page.cspSource}`,
    `img-src ${page.cspSource} data:`,
    `font-src ${page.cspSource}`,
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(csp)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Layerscope</title>
${page.styles.map((href) => `<link rel="stylesheet" href="${escapeHtml(href)}">`).join("\n")}
</head>
<body>
<div id="app"></div>
<script nonce="${nonce}" src="${escapeHtml(page.script)}"></script>
</body>
</html>
`;
}
