import { type ExtensionContext, type Progress, ProgressLocation, window, workspace } from "vscode";
import { type HubFile, type HubOffer, type HubOrder, type HubProgress, type HubToken, type HubVariant, ProblemError, sizeOf } from "../protocol/index.js";
import type { EngineClient } from "./engineClient.js";

const SECRET = "layerscope.hubToken";
const REPO = /^(?:https:\/\/[^/]+\/)?(?:[A-Za-z0-9][\w.-]{0,95}\/)?[A-Za-z0-9][\w.-]{0,95}\/?$/;
/** What an access token may help against. */
const WITH_TOKEN = new Set(["hub/gated", "hub/not-found", "hub/token-refused", "hub/no-token"]);

type Told = Progress<{ message?: string; increment?: number }>;

/** A model from the Hub, step by step: its name, what it has, yes or no, the download. Without a yes nothing but a list is fetched. */
export class HubDownload {
  private listening: ((progress: HubProgress) => void) | undefined;

  constructor(
    private readonly context: ExtensionContext,
    private readonly engine: EngineClient,
  ) {}

  onProgress(progress: HubProgress): void {
    this.listening?.(progress);
  }

  /** @returns the .onnx file in the cache; undefined when the user let it be */
  async run(): Promise<string | undefined> {
    const repo = await window.showInputBox({
      title: "Download from the Hub",
      prompt: "The model’s name. The Hub is asked what it has; nothing is downloaded before you agree.",
      placeHolder: "org/name",
      ignoreFocusOut: true,
      validateInput: (text) => (text.trim() === "" || REPO.test(text.trim()) ? undefined : "Names look like HuggingFaceTB/SmolLM2-135M-Instruct."),
    });
    if (!repo?.trim()) return undefined;
    const looked = await this.look(repo.trim());
    if (!looked) return undefined;
    const { offer } = looked;
    let { token } = looked;
    const variant = await chooseVariant(offer);
    if (!variant || !(await confirmed(`Download ${offer.repo}?`, describe(offer, variant)))) return undefined;
    let also: string[] = [];
    let { bytes } = variant;
    for (;;) {
      const order = { repo: offer.repo, commit: offer.commit, revision: offer.revision, file: variant.path, also, bytes, ...(token && { token }), ...proxy() };
      try {
        const result = await this.withProgress(`Downloading ${offer.repo}`, (signal, told) => this.download(order, signal, told));
        for (const { message } of result.notices) void window.showInformationMessage(message);
        if (result.wanted.length === 0) return result.path;
        const detail = ["The file names weights that its name did not tell of:", ...result.wanted.map(line)].join("\n");
        if (!(await confirmed(`${offer.repo} needs further weights`, detail))) return undefined;
        also = [...also, ...result.wanted.map(({ path }) => path)];
        bytes += result.wanted.reduce((sum, file) => sum + file.bytes, 0);
      } catch (error) {
        // The list of a gated model is public, its files are not.
        token = await this.tokenAgainst(error);
        if (!token) return undefined;
      }
    }
  }

  /** Asks without a token first; one is used only when the Hub wants it and the user says which. */
  private async look(repo: string): Promise<{ offer: HubOffer; token?: HubToken } | undefined> {
    let token: HubToken | undefined;
    for (;;) {
      try {
        const question = { repo, ...(token && { token }), ...proxy() };
        return {
          offer: await this.withProgress(`Asking the Hub about ${repo}`, (signal) => this.engine.ask("hub.look", question, signal)),
          ...(token && { token }),
        };
      } catch (error) {
        token = await this.tokenAgainst(error);
        if (!token) return undefined;
      }
    }
  }

  /** The Hub refuses, and a token may help: asks for one. @throws what a token does not help against */
  private async tokenAgainst(error: unknown): Promise<HubToken | undefined> {
    if (!(error instanceof ProblemError) || !WITH_TOKEN.has(error.problem.code)) throw error;
    const { message, hint } = error.problem;
    const use = "Use an Access Token…";
    return (await window.showWarningMessage(hint ? `${message} ${hint}` : message, use)) === use ? this.chooseToken() : undefined;
  }

  private async chooseToken(): Promise<HubToken | undefined> {
    const sources = await this.engine.ask("hub.tokens", {});
    const kept = await this.context.secrets.get(SECRET);
    const items = [
      ...(kept ? [{ label: "$(key) The token kept by Layerscope", use: async (): Promise<HubToken> => ({ from: "given", value: kept }) }] : []),
      ...(sources.includes("env") ? [{ label: "$(key) The token in HF_TOKEN", use: async (): Promise<HubToken> => ({ from: "env" }) }] : []),
      ...(sources.includes("file") ? [{ label: "$(key) The token of “hf auth login”", use: async (): Promise<HubToken> => ({ from: "file" }) }] : []),
      { label: "$(edit) Enter a token…", use: () => this.enterToken() },
      ...(kept ? [{ label: "$(trash) Forget the token kept by Layerscope", use: async () => void (await this.context.secrets.delete(SECRET)) }] : []),
    ];
    const chosen = await window.showQuickPick(items, { title: "Access Token", placeHolder: "It goes to the Hub and nowhere else", ignoreFocusOut: true });
    return (await chosen?.use()) ?? undefined;
  }

  private async enterToken(): Promise<HubToken | undefined> {
    const value = (
      await window.showInputBox({
        title: "Access Token",
        prompt: "Read access is enough. It is kept in VS Code’s secret storage.",
        placeHolder: "hf_…",
        password: true,
        ignoreFocusOut: true,
      })
    )?.trim();
    if (!value) return undefined;
    await this.context.secrets.store(SECRET, value);
    return { from: "given", value };
  }

  private async download(order: HubOrder, signal: AbortSignal, told: Told) {
    let shown = 0;
    this.listening = ({ doneBytes, ofBytes, bytesPerSecond }) => {
      const percent = (100 * doneBytes) / Math.max(1, ofBytes);
      told.report({
        increment: percent - shown,
        message: `${sizeOf(doneBytes)} of ${sizeOf(ofBytes)}${bytesPerSecond ? `, ${sizeOf(bytesPerSecond)}/s` : ""}`,
      });
      shown = percent;
    };
    try {
      return await this.engine.ask("hub.download", order, signal);
    } finally {
      this.listening = undefined;
    }
  }

  private withProgress<T>(title: string, task: (signal: AbortSignal, told: Told) => Promise<T>): Promise<T> {
    return Promise.resolve(
      window.withProgress({ location: ProgressLocation.Notification, title, cancellable: true }, (told, cancel) => {
        const stop = new AbortController();
        cancel.onCancellationRequested(() => stop.abort());
        return task(stop.signal, told);
      }),
    );
  }
}

/** VS Code's own proxy, for a Node that knows only the environment's. */
function proxy(): { proxy?: string } {
  const told = workspace.getConfiguration("http").get<unknown>("proxy");
  return typeof told === "string" && told !== "" ? { proxy: told } : {};
}

async function chooseVariant({ variants, repo }: HubOffer): Promise<HubVariant | undefined> {
  if (variants.length === 1) return variants[0];
  const items = variants.map((variant) => ({
    label: variant.path,
    description: [variant.precision, sizeOf(variant.bytes), variant.missingBytes === 0 ? "in the cache already" : ""].filter(Boolean).join(" · "),
    variant,
  }));
  return (
    await window.showQuickPick(items, { title: `${repo}: Which File`, placeHolder: "Full precision first", ignoreFocusOut: true, matchOnDescription: true })
  )?.variant;
}

const line = ({ path, bytes, here }: HubFile) => `${path}, ${sizeOf(bytes)}${here ? " (in the cache already)" : ""}`;

function describe(offer: HubOffer, variant: HubVariant): string {
  const gate = offer.gated
    ? `, gated: its terms (${offer.gated === "auto" ? "accepted at once" : "accepted by its owners"}) on https://${offer.host}/${offer.repo}`
    : "";
  return [
    `From ${offer.host}, commit ${offer.commit.slice(0, 12)}${offer.private ? ", private" : ""}`,
    `Licence: ${offer.licence ?? "not stated"}${gate}`,
    "",
    ...variant.files.map(line),
    "",
    `${sizeOf(variant.missingBytes)} to download${offer.freeBytes === null ? "" : `; ${sizeOf(offer.freeBytes)} are free`}`,
    `Into ${offer.folder}`,
    ...offer.notices.map(({ message }) => message),
  ].join("\n");
}

async function confirmed(message: string, detail: string): Promise<boolean> {
  const yes = "Download";
  return (await window.showInformationMessage(message, { modal: true, detail }, yes)) === yes;
}
