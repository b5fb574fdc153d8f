import { commands, Uri } from "vscode";
import { ProblemError } from "../protocol/index.js";
import { exists } from "./runFolders.js";

/** The pages that numbers link to. */
export class AboutPages {
  constructor(private readonly root: Uri) {}

  lens(page: string): Uri {
    return Uri.joinPath(this.root, "docs", "lenses", `${page}.md`);
  }

  /** @throws Problem `about/none` */
  async open(page: string): Promise<void> {
    const name = page.replace(/^.*\//, "").replace(/\.md(#.*)?$/, "");
    const uri = name === "compare" ? Uri.joinPath(this.root, "docs", "compare.md") : this.lens(/^[a-z0-9-]{1,64}$/.test(name) ? name : "index");
    if (!(await exists(uri.fsPath))) throw new ProblemError({ code: "about/none", message: "There is no page about that number yet." });
    await commands.executeCommand("markdown.showPreview", uri);
  }
}
