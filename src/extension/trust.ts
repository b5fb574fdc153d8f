import { commands, window, workspace } from "vscode";

/** In a restricted workspace nothing is opened or run; says so and offers the way on. Checked in code, whatever the menus show. */
export async function isTrusted(): Promise<boolean> {
  if (workspace.isTrusted) return true;
  const manage = "Manage Workspace Trust";
  const chosen = await window.showWarningMessage("Layerscope opens no model and no dataset in Restricted Mode. Trust this workspace to run an audit.", manage);
  if (chosen === manage) await commands.executeCommand("workbench.trust.manage");
  return false;
}
