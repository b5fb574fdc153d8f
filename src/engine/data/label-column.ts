import { isOneHot, labelText, type Profile } from "./profile.js";
import type { RawTable } from "./table.js";
import {
  ANSWER_CLASS_NAMES,
  ANSWER_LABEL,
  CONCEPT_NAME,
  FALSE_VALUES,
  isSafetyValue,
  isSafeValue,
  isUnsafeValue,
  LABEL_NAMES,
  NEVER_LABEL,
  normalValue,
  PROMPT_LABEL_NAMES,
  polarity,
  REPLY_NAMES,
  SCORE_NAME,
  TRUE_VALUES,
} from "./words.js";

export interface LabelCandidate {
  readonly column: Profile;
  /** Lower is better; equal ones compete. */
  readonly rank: number;
  /** Whether it judges the prompt or an answer beside it. */
  readonly about: "prompt" | "answer";
}

const RANK = { prompt: 0, label: 1, polarity: 2, values: 3, concept: 4, oneHot: 5, binary: 6, oneSided: 7, answer: 8, score: 9 } as const;

export const isBoolean = (normal: string): boolean => TRUE_VALUES.has(normal) || FALSE_VALUES.has(normal);

/** Columns with free-text answers beside the prompt. */
export function replies(profiles: readonly Profile[]): Profile[] {
  return profiles.filter((p) => REPLY_NAMES.has(p.normal) && p.filled > 0 && (p.spaced > 0.3 || p.isChat) && !p.numeric);
}

/** Columns that may hold the label, best first. */
export function labelCandidates(table: RawTable, profiles: readonly Profile[], text: readonly Profile[]): LabelCandidate[] {
  const hasReply = replies(profiles).some((p) => !text.includes(p));
  const found: LabelCandidate[] = [];
  for (const column of profiles) {
    if (text.includes(column) || column.filled === 0 || NEVER_LABEL.has(column.normal)) continue;
    const rank = table.keyColumn === column.name ? keyRank(table, column) : rankOf(table, column);
    if (rank === undefined) continue;
    const words = [...(column.values?.keys() ?? [])].some(isSafetyValue);
    const about = rank === RANK.answer || (hasReply && rank !== RANK.prompt && !words) ? "answer" : "prompt";
    found.push({ column, rank, about });
  }
  return found.sort((a, b) => a.rank - b.rank || order(a.column) - order(b.column));
}

/** True of a number that only its name makes a label. */
export const isScore = ({ rank }: LabelCandidate): boolean => rank === RANK.score;

/** Columns of fractions, any of which a threshold may be meant for. */
export const fractions = (profiles: readonly Profile[]): Profile[] =>
  profiles.filter((p) => p.numeric && !NEVER_LABEL.has(p.normal) && p.numbers?.some((n) => !Number.isInteger(n)));

const order = (column: Profile): number => (PROMPT_LABEL_NAMES.indexOf(column.normal) + 1 || LABEL_NAMES.indexOf(column.normal) + 1) - 1;

function rankOf(table: RawTable, column: Profile): number | undefined {
  const { normal, values, numeric } = column;
  const words = [...(values?.keys() ?? [])];
  const booleans = words.length > 0 && words.every(isBoolean);
  if (!values && !numeric) return undefined;
  if (ANSWER_LABEL.test(normal)) return RANK.answer;
  if (PROMPT_LABEL_NAMES.includes(normal)) return RANK.prompt;
  if (LABEL_NAMES.includes(normal)) return isOneHotColumn(table, column) ? RANK.oneHot : RANK.label;
  if (polarity(column.name) && (booleans || numeric || words.some(isSafetyValue))) return RANK.polarity;
  if (words.some((w) => isSafeValue(w)) && words.some((w) => isUnsafeValue(w)) && words.every(isSafetyValue) && !isOneHotColumn(table, column))
    return RANK.values;
  if (CONCEPT_NAME.test(normal) && booleans && words.length === 2) return RANK.concept;
  if (ANSWER_CLASS_NAMES.has(normal) && words.length === 2 && (booleans || words.every((w) => w.length <= 20 && w.split(" ").length <= 2))) return RANK.concept;
  if (isOneHotColumn(table, column)) return RANK.oneHot;
  if (booleans && words.length === 2) return RANK.binary;
  if (numeric && words.length !== 1 && SCORE_NAME.test(normal)) return RANK.score;
  return words.length > 0 && words.every(isSafetyValue) ? RANK.oneSided : undefined;
}

/** An object's keys are classes when both sides of safety are among them, or when there are two with nothing below them; else they are categories. */
function keyRank(table: RawTable, column: Profile): number | undefined {
  const words = [...(column.values?.keys() ?? [])];
  const both = words.some((w) => isSafeValue(w)) && words.some((w) => isUnsafeValue(w));
  return both || words.every(isSafetyValue) || (words.length === 2 && !table.columns.includes("subcategory")) ? RANK.label : undefined;
}

function isOneHotColumn(table: RawTable, column: Profile): boolean {
  if (column.kind !== "object" || !column.values || column.values.size < 2) return false;
  return table.records.slice(0, 50).every(({ values }) => values[column.index] == null || isOneHot(values[column.index]));
}

/** True when every row that has both puts them on the same side, so that it does not matter which is read. */
export function sameClasses(table: RawTable, a: Profile, b: Profile): boolean {
  const seen = new Map<string, string>();
  const back = new Map<string, string>();
  for (const { values } of table.records) {
    const x = labelText(values[a.index]);
    const y = labelText(values[b.index]);
    if (x === undefined || y === undefined) continue;
    const [nx, ny] = [side(a, normalValue(x)), side(b, normalValue(y))];
    if ((seen.get(nx) ?? ny) !== ny || (back.get(ny) ?? nx) !== nx) return false;
    seen.set(nx, ny);
    back.set(ny, nx);
  }
  return true;
}

/** A value in words of safety where the column's name or the value itself says so. */
function side(column: Profile, normal: string): string {
  if (isSafeValue(normal)) return "safe";
  if (isUnsafeValue(normal)) return "unsafe";
  const pole = polarity(column.name);
  if (!pole || !isBoolean(normal)) return normal;
  return TRUE_VALUES.has(normal) === (pole === "safe") ? "safe" : "unsafe";
}
