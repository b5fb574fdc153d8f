import type { AuditView } from "./messages.js";
import type { Picture } from "./picture.js";

/** Values by row and layer that together take less travel with their view. */
const LIGHT_FROM = 1_500_000;

/** Fields of a picture that hold [columns x count] values, layer-major. */
const FIELDS: Partial<Record<Picture["shape"], readonly string[]>> = { points: ["x", "y"], ranking: ["value", "from", "to"] };

/** What is left out of a view and asked for by layer. */
export interface LaterColumns {
  /** Which view it is of; columns of another one are not given. */
  readonly stamp: number;
  /** Layer columns of each field that was left out, by picture id and field. */
  readonly pictures: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Everything of one layer: [count] values each. */
export interface LayerColumns {
  readonly score: Float32Array;
  readonly pictures: Readonly<Record<string, Readonly<Record<string, Float32Array>>>>;
}

type Fields = Record<string, Float32Array>;
const fieldsOf = (picture: Picture): [string, Float32Array][] =>
  (FIELDS[picture.shape] ?? []).flatMap((field) => {
    const value = (picture as unknown as Partial<Fields>)[field];
    return value instanceof Float32Array ? [[field, value] as [string, Float32Array]] : [];
  });

/** Bytes of the values by row and layer. */
export const heavyBytes = ({ rows, pictures }: AuditView): number =>
  rows.score.byteLength + pictures.flatMap(fieldsOf).reduce((sum, [, values]) => sum + values.byteLength, 0);

/** The view without its values by row and layer, where those are many: verdict, curves and the list's order come first. */
export function lightenView(view: AuditView, stamp: number): AuditView {
  const count = view.rows.count;
  if (heavyBytes(view) < LIGHT_FROM || count === 0) return view;
  const left: Record<string, Record<string, number>> = {};
  const pictures = view.pictures.map((picture) => {
    const fields = fieldsOf(picture);
    if (fields.length === 0) return picture;
    left[picture.id] = Object.fromEntries(fields.map(([field, values]) => [field, values.length / count]));
    return { ...picture, ...Object.fromEntries(fields.map(([field]) => [field, new Float32Array(0)])) };
  });
  return { ...view, rows: { ...view.rows, score: new Float32Array(0) }, pictures, later: { stamp, pictures: left } };
}

/** Columns of one layer, from the whole view. */
export function columnsAt({ rows, pictures }: AuditView, layer: number): LayerColumns {
  const { count, columns } = rows;
  const score = new Float32Array(layer < columns ? count : 0);
  for (let i = 0, at = layer; i < score.length; i++, at += columns) score[i] = rows.score[at]!;
  return {
    score,
    pictures: Object.fromEntries(
      pictures.flatMap((picture) => {
        const there = fieldsOf(picture).filter(([, values]) => values.length >= (layer + 1) * count);
        return there.length === 0
          ? []
          : [[picture.id, Object.fromEntries(there.map(([field, values]) => [field, values.slice(layer * count, (layer + 1) * count)]))]];
      }),
    ),
  };
}

/** The view with room for what was left out of it; NaN = not there yet. */
export function makeRoom(view: AuditView): AuditView {
  const { later, rows } = view;
  if (!later) return view;
  const room = (columns: number) => new Float32Array(columns * rows.count).fill(Number.NaN);
  return {
    ...view,
    rows: { ...rows, score: room(rows.columns) },
    pictures: view.pictures.map((picture) => {
      const fields = Object.entries(later.pictures[picture.id] ?? {});
      return fields.length === 0 ? picture : { ...picture, ...Object.fromEntries(fields.map(([field, columns]) => [field, room(columns)])) };
    }),
  };
}

/** Puts a layer's columns into their room, in place. */
export function fillColumns({ rows, pictures }: AuditView, layer: number, { score, pictures: given }: LayerColumns): void {
  const { count, columns } = rows;
  if (layer < columns && score.length === count) for (let i = 0, at = layer; i < count; i++, at += columns) rows.score[at] = score[i]!;
  for (const picture of pictures)
    for (const [field, values] of Object.entries(given[picture.id] ?? {})) {
      const into = (picture as unknown as Partial<Fields>)[field];
      if (into && values.length === count && into.length >= (layer + 1) * count) into.set(values, layer * count);
    }
}

/** Layers that are to be asked for. */
export const laterLayers = ({ rows, later }: AuditView): number =>
  later ? Math.max(rows.columns, ...Object.values(later.pictures).flatMap((fields) => Object.values(fields))) : 0;
