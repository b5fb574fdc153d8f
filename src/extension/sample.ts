import { commands, type ExtensionContext, FileType, Uri, workspace } from "vscode";

/** Copies the sample workspace out of the extension (whose own files are not to be edited) and opens it. */
export async function openSample(context: ExtensionContext): Promise<void> {
  const source = Uri.joinPath(context.extensionUri, "media", "sample");
  const target = Uri.joinPath(context.globalStorageUri, "sample");
  const there = await workspace.fs.stat(target).then(
    (s) => s.type === FileType.Directory,
    () => false,
  );
  if (!there) await workspace.fs.copy(source, target);
  await commands.executeCommand("vscode.openFolder", target, { forceNewWindow: workspace.workspaceFolders !== undefined });
}
