import type { ComparePanelEvents, ComparePanelMethods } from "../../protocol/index.js";
import { toolkit } from "../controls.js";
import { connect } from "../wire.js";
import { CompareApp } from "./app.js";
import type { CompareHost } from "./host.js";

const { rpc, keeper, toldTo } = connect<ComparePanelMethods, ComparePanelEvents>();
const said = toldTo((sentence) => app.say(sentence));

const host: CompareHost = {
  keeper,
  texts: async (rows) => [...(await rpc.ask("rows.text", { rows }))],
  actions: {
    open: (row, keepFocus) => void rpc.ask("row.open", { row, keepFocus }).catch(said),
    showPair: (pair) => void rpc.ask("pair.show", { pair }).catch(said),
    swap: () => void rpc.ask("pair.swap", {}).catch(said),
    again: () => void rpc.ask("compare.again", {}).catch(said),
    about: (page) => void rpc.ask("about.open", { page }).catch(said),
    openRun: (run) => void rpc.ask("run.open", { run }).catch(said),
    save: (format, withText, svgs) => void rpc.ask("compare.export", { format, withText, ...(svgs ? { svgs } : {}) }).catch(said),
  },
};

const app = new CompareApp(document.getElementById("app")!, toolkit, host);
rpc.on("compare.state", (state) => app.show(state));
void rpc
  .ask("panel.ready", {})
  .then((state) => app.show(state))
  .catch(said);
