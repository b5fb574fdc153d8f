import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, relative, sep } from "node:path";
import { writeAtomically } from "../store/files.js";
import { packed } from "./pack.js";
import { PROFILE_SCHEMA, PROFILE_VERSION, type Profile } from "./profile.js";

/** Steps upwards that a path from the profile may take: farther away lies somebody's machine, not the project. */
const MOST_UP = 3;

/** @returns the path from the profile's folder with forward slashes, or undefined where the file does not lie near it */
export async function pathFrom(file: string, target: string | undefined): Promise<string | undefined> {
  if (target === undefined) return undefined;
  const real = async (path: string) => realpath(path).catch(() => path);
  const path = relative(await real(dirname(file)), await real(target));
  const parts = path.split(sep);
  if (isAbsolute(path) || parts.filter((part) => part === "..").length > MOST_UP) return undefined;
  return parts.join("/");
}

/** Writes a profile beside which model and dataset may lie. @param places where they lie on this machine; @param mode of the new file */
export async function writeProfile(
  file: string,
  profile: Profile,
  places: { readonly model: string | undefined; readonly dataset: string | undefined },
  mode = 0o666,
): Promise<void> {
  const model = await pathFrom(file, places.model);
  const dataset = await pathFrom(file, places.dataset);
  const { path: _, ...ownModel } = profile.model;
  const { path: __, ...ownDataset } = profile.dataset;
  const { contrast, ...options } = profile.dataset.options;
  const other = contrast === undefined ? undefined : ((await pathFrom(file, contrast)) ?? basename(contrast));
  await writeAtomically(
    file,
    profileText({
      ...profile,
      model: { ...ownModel, ...(model === undefined ? {} : { path: model }) },
      dataset: {
        ...ownDataset,
        options: { ...options, ...(other === undefined ? {} : { contrast: other }) },
        ...(dataset === undefined ? {} : { path: dataset }),
      },
    }),
    mode,
  );
}

/** The file's text: one line a part, so that a change of one part is a change of one line. */
export function profileText(profile: Profile): string {
  const { layerscope, createdAt, probes, domain, rows, ...rest } = profile;
  const { frame } = domain;
  const content: Record<string, unknown> = {
    schema: PROFILE_SCHEMA,
    version: PROFILE_VERSION,
    layerscope,
    createdAt,
    ...rest,
    probes: probes.map((probe) => probe && { ...probe, weights: packed(probe.weights) }),
    domain: {
      ...domain,
      frame: { ...frame, mean: packed(frame.mean), inverse: packed(frame.inverse), basis: packed(frame.basis), variance: packed(frame.variance) },
    },
    rows: {
      ids: rows.ids,
      lines: rows.lines,
      files: packed(rows.files),
      unsafe: packed(rows.unsafe),
      dims: rows.dims,
      step: packed(rows.step),
      vectors: packed(rows.vectors),
    },
  };
  const lines = Object.entries({ ...content, checksum: checksumOf(content) }).map(([key, value]) => ` ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}

/** Of everything but the day and the checksum itself: the same audit has the same. */
export function checksumOf({ checksum: _, createdAt: __, ...content }: Record<string, unknown>): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}
