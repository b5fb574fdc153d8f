import { VERSION } from "../engine/version.js";
import { problemOf } from "../protocol/index.js";
import { accelerators } from "./accelerators.js";
import { audit } from "./audit.js";
import { card } from "./card.js";
import { check } from "./check.js";
import { compare } from "./compare.js";
import { compat } from "./compat.js";
import { download } from "./download.js";
import { exitCode, printProblem } from "./exit.js";
import { exportForServer } from "./exportModel.js";
import { extract } from "./extract.js";
import { HELP } from "./help.js";
import { lenses } from "./lenses.js";
import { usageProblem } from "./options.js";
import { store } from "./store.js";
import { taps } from "./taps.js";

const COMMANDS: Readonly<Record<string, (args: readonly string[], signal: AbortSignal) => Promise<number>>> = {
  audit,
  check,
  taps,
  extract,
  card,
  "export-model": exportForServer,
  download,
  "check-accelerators": accelerators,
  lenses,
  compare,
  compat,
  store,
};

async function main(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args;
  if (verb === undefined || verb === "help" || verb === "--help" || verb === "-h" || rest.includes("--help")) {
    process.stdout.write(HELP);
    return verb === undefined ? 2 : 0;
  }
  if (verb === "version" || verb === "--version") {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  const stop = new AbortController();
  // A second interrupt does not wait for the batch that is running.
  process.on("SIGINT", () => (stop.signal.aborted ? process.exit(130) : stop.abort()));
  process.on("SIGTERM", () => stop.abort());
  try {
    const command = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
    if (!command) throw usageProblem(`There is no command ${JSON.stringify(verb)}.`);
    return await command(rest, stop.signal);
  } catch (error) {
    const problem = problemOf(error);
    printProblem(problem);
    return exitCode(problem);
  }
}

// Writing to a closed pipe (`| head`) is not a failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 3));
void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
