import type { PanelEvents, PanelMethods } from "../protocol/index.js";
import { App } from "./app.js";
import { toolkit } from "./controls.js";
import type { Host } from "./host.js";
import { connect } from "./wire.js";

const { rpc, keeper, toldTo } = connect<PanelMethods, PanelEvents>();
const said = toldTo((sentence) => app.say(sentence));

const host: Host = {
  keeper,
  texts: (rows) => rpc.ask("rows.text", { rows }),
  columns: (stamp, layer) => rpc.ask("view.columns", { stamp, layer }),
  find: (words, signal) => rpc.ask("rows.find", { words }, signal),
  images: (rows, side) => rpc.ask("rows.image", { rows, side }),
  actions: {
    open: (row, keepFocus) => void rpc.ask("row.open", { row, keepFocus }).catch(said),
    openImage: (row) => void rpc.ask("image.open", { row }).catch(said),
    cancel: () => void rpc.ask("run.cancel", {}).catch(said),
    again: () => void rpc.ask("run.again", {}).catch(said),
    resume: () => void rpc.ask("run.resume", {}).catch(said),
    pickModel: () => void rpc.ask("model.pick", {}).catch(said),
    pickTower: () => void rpc.ask("tower.pick", {}).catch(said),
    changeColumns: () => void rpc.ask("columns.change", {}).catch(said),
    skipped: () => void rpc.ask("skipped.open", {}).catch(said),
    openPrompt: (key) => void rpc.ask("prompt.open", { key }).catch(said),
    nearPrompts: (row) => void rpc.ask("row.prompts", { row }).catch(said),
    lens: (id) => void rpc.ask("lens.run", { id }).catch(said),
    about: (page) => void rpc.ask("about.open", { page }).catch(said),
    exportRun: (format, withText, svgs) => void rpc.ask("run.export", { format, withText, ...(svgs ? { svgs } : {}) }).catch(said),
  },
};

const app = new App(document.getElementById("app")!, toolkit, host);
rpc.on("panel.state", (state) => app.showState(state));
rpc.on("audit.progress", (progress) => app.showProgress(progress));
rpc.on("audit.view", (view) => app.showView(view));
rpc.on("prompts.shown", ({ prompts, reveal }) => app.showPrompts(prompts, reveal));
rpc.on("row.active", ({ row }) => app.showActive(row));
void rpc
  .ask("panel.ready", {})
  .then((state) => app.showState(state))
  .catch(said);
