import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type AuditView, embeddableJson, encodeView } from "../../protocol/index.js";
import { problem, rawText } from "../errors.js";

/** One self-contained page: the panel's own views over an embedded copy of the numbers; no network, no texts unless given. */
export async function htmlReport(view: AuditView, texts?: ReadonlyMap<number, string>): Promise<string> {
  const list = texts && Array.from(view.rows.id, (id) => texts.get(id) ?? "");
  // The paths of somebody's machine are nobody else's business: a report names files, not folders.
  const { dataset, model } = view.result;
  const contrast = dataset.options.contrast;
  const result = {
    ...view.result,
    model: { ...model, path: basename(model.path) },
    dataset: {
      ...dataset,
      path: basename(dataset.path),
      contrastPath: dataset.contrastPath && basename(dataset.contrastPath),
      options: contrast ? { ...dataset.options, contrast: basename(contrast) } : dataset.options,
    },
  };
  return page(`Layerscope: ${basename(dataset.path)}`, encodeView({ ...view, result }, list));
}

/** The panel's own views over data that the page carries. */
export async function page(title: string, carried: unknown): Promise<string> {
  const [script, style] = await Promise.all([asset("dist", "report.js"), asset("media", "webview.css")]);
  const data = embeddableJson(carried);
  const code = script.replaceAll("</script", "<\\/script");
  const csp = `default-src 'none'; img-src data:; script-src '${hash(code)}'; style-src '${hash(style)}'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${csp}">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body class="vscode-light layerscope-report">
<div id="app"></div>
<script type="application/json" id="view">${data}</script>
<script>${code}</script>
</body>
</html>
`;
}

const hash = (text: string) => `sha256-${createHash("sha256").update(text).digest("base64")}`;

const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** Beside the bundle when installed, two folders above the source in tests. */
async function asset(folder: string, name: string): Promise<string> {
  let missing: unknown;
  for (const root of [join(__dirname, ".."), join(__dirname, "..", "..", "..")]) {
    try {
      return await readFile(join(root, folder, name), "utf8");
    } catch (error) {
      missing = error;
    }
  }
  throw problem("report/assets", "The parts that an HTML report is made of are missing from this installation.", {
    hint: "Install Layerscope again.",
    details: rawText(missing),
  });
}
