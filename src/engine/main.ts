import { type EngineEvents, type EngineMethods, type Envelope, PROTOCOL, Rpc } from "../protocol/index.js";
import { Engine } from "./engine.js";
import { problem } from "./errors.js";
import { holdToken } from "./remote/token.js";
import { sweepActivations } from "./store/activations.js";

/** The engine process: the front door over the fork's own channel. It leaves when its parent is gone. */
const send = process.send?.bind(process);
if (!send) {
  process.stderr.write("The Layerscope engine is started by the extension; on a command line use `layerscope`.\n");
  process.exit(2);
}
process.on("disconnect", () => process.exit(0));

void sweepActivations().catch(() => {});
const engine = new Engine();
const rpc = new Rpc<object, object, EngineMethods, EngineEvents>(
  { post: (message: Envelope) => void send(message), onMessage: (listener) => void process.on("message", listener) },
  {
    "engine.hello": async ({ protocol }) => {
      if (protocol !== PROTOCOL)
        throw problem("engine/protocol", `The extension speaks protocol ${String(protocol)}, this engine ${PROTOCOL}.`, { hint: "Reload the window." });
      return engine.hello();
    },
    "model.inspect": ({ path }) => engine.inspectModel(path),
    "data.inspect": ({ path, options }, signal) => engine.inspectData(path, options, signal),
    "audit.run": (plan, signal) =>
      engine.audit(plan, { onProgress: (progress) => rpc.tell("audit.progress", progress), onView: (view) => rpc.tell("audit.view", view) }, signal),
    "model.list": ({ folders, files, cache }) => engine.listModels(folders, files, cache),
    "model.glance": ({ path }) => engine.glanceAt(path),
    "model.sheet": ({ path, provider }) => engine.readSheet(path, provider),
    "accelerators.check": ({ model }, signal) => engine.checkAccelerators(model, signal),
    "remote.token": async ({ token }) => {
      holdToken(token ?? undefined);
      return null;
    },
    "hub.tokens": () => engine.hubTokens(),
    "hub.look": (question, signal) => engine.lookAtHub(question, signal),
    "hub.download": (order, signal) => engine.downloadFromHub(order, (progress) => rpc.tell("hub.progress", progress), signal),
    "rows.text": ({ path, options, sha256, rows }) => engine.rowTexts(path, options, sha256, rows),
    "rows.image": ({ path, options, sha256, rows, side }) => engine.rowImages(path, options, sha256, rows, side),
    "rows.find": (wish, signal) => engine.findRows(wish, signal),
    "run.open": ({ folder }) => engine.openRun(folder),
    "run.export": (request) => engine.exportRun(request),
    "runs.compare": ({ folders, shown }, signal) => engine.compareRuns(folders, shown, signal),
    "profile.open": ({ use }) => engine.prompts.open(use),
    "profile.save": async ({ from, to }) => {
      await engine.prompts.save(from, to);
      return null;
    },
    "prompts.score": ({ use, prompts }, signal) => engine.prompts.score(use, prompts, signal),
    "prompts.heat": ({ use, prompt, method }, signal) => engine.prompts.heat(use, prompt, method, signal),
    "compare.export": (request, signal) => engine.exportComparison(request, signal),
  },
  (reason) => rpc.tell("engine.log", { level: "warn", text: `Refused ${reason}.` }),
);
