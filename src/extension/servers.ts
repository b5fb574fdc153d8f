import { type ExtensionContext, window } from "vscode";
import type { EngineClient } from "./engineClient.js";
import { Dismissed } from "./errors.js";
import { hostsBeyond } from "./serverHosts.js";

const SECRET = "layerscope.serverToken";
const AGREED = "layerscope.serversAgreed";

/** Servers that compute in place of this machine: which hosts may see token ids, and the token they are asked with. */
export class Servers {
  constructor(
    private readonly context: ExtensionContext,
    private readonly engine: EngineClient,
  ) {}

  /**
   * Before the first byte leaves: the user says yes to this set of hosts, once in a workspace; then the engine gets the token.
   * @throws Dismissed; Problem `remote/address`
   */
  async ready(endpoints: readonly string[] | undefined): Promise<void> {
    if (!endpoints || endpoints.length === 0) return;
    const hosts = hostsBeyond(endpoints);
    const key = hosts.join(" ");
    const agreed = this.context.workspaceState.get<string[]>(AGREED, []);
    if (hosts.length > 0 && !agreed.includes(key)) {
      const detail =
        "The token ids of your rows go there, and can be turned back into the texts. Nothing else is sent. Remembered for these hosts in this workspace.";
      const send = "Send Token Ids";
      const answer = await window.showWarningMessage(`Run the model on ${hosts.join(", ")}?`, { modal: true, detail }, send);
      if (answer !== send) throw new Dismissed();
      await this.context.workspaceState.update(AGREED, [...agreed, key]);
    }
    await this.engine.ask("remote.token", { token: (await this.context.secrets.get(SECRET)) ?? null });
  }

  async setToken(): Promise<void> {
    const value = (
      await window.showInputBox({
        title: "Server Token",
        prompt: "Sent as a bearer token to the servers of layerscope.engine, over https or on this machine only. Kept in VS Code’s secret storage.",
        password: true,
        ignoreFocusOut: true,
        validateInput: (text) => (text.trim() === "" || /^[\x21-\x7e]+$/.test(text.trim()) ? undefined : "A token has no spaces and no letters beyond ASCII."),
      })
    )?.trim();
    if (value) await this.context.secrets.store(SECRET, value);
  }

  async clearToken(): Promise<void> {
    await this.context.secrets.delete(SECRET);
    void window.showInformationMessage("The server token is forgotten.");
  }
}
