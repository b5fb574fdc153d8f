import { clearStore, storeInfo } from "../engine/store/states.js";
import { choice, parse, usageProblem } from "./options.js";
import { STORE_OPTIONS, storeFolder } from "./storePlace.js";
import { digits, plain } from "./terminal.js";

/** What is kept of models' states, and how to be rid of it. */
export async function store(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, {
    store: STORE_OPTIONS.store,
    info: { type: "boolean" },
    clear: { type: "boolean" },
    format: { type: "string" },
  });
  if (positionals.length > 0) throw usageProblem("`layerscope store` takes no file; --store names another folder.");
  const format = choice("format", values.format ?? "text", ["text", "json"]);
  const folder = storeFolder({ store: values.store });
  if (folder === undefined) throw usageProblem("LAYERSCOPE_STORE is off, so there is no store.", "Name its folder with --store DIR.");
  if (values.clear) {
    const freed = clearStore(folder);
    process.stdout.write(format === "json" ? `${JSON.stringify({ folder, freed })}\n` : `Deleted all stored states, ${size(freed)}, from ${plain(folder)}.\n`);
    return 0;
  }
  const info = storeInfo(folder);
  if (format === "json") {
    process.stdout.write(`${JSON.stringify(info, null, 1)}\n`);
    return 0;
  }
  process.stdout.write(`${plain(folder)}: ${size(info.bytes)}\n`);
  for (const { model, reading, layers, width, rows, bytes } of info.spaces)
    process.stdout.write(`  ${plain(model)}, ${plain(reading)}: ${rows.toLocaleString("en")} rows, ${layers} x ${width}, ${size(bytes)}\n`);
  return 0;
}

const size = (bytes: number) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : bytes < 1e9 ? `${digits(bytes / 1e6)} MB` : `${digits(bytes / 1e9)} GB`);
