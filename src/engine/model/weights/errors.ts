import type { ProblemError } from "../../../protocol/index.js";
import { problem } from "../../errors.js";
import { LIMITS } from "../limits.js";

export const unreadable = (file: string, tensor: string, why: string): ProblemError =>
  problem("model/weight-unreadable", `The weight ${JSON.stringify(tensor)} of ${file} cannot be read: ${why}.`, { where: { file, tensor } });

export const weightTooLarge = (file: string, tensor: string, count: number): ProblemError =>
  problem("model/weight-too-large", `The weight ${JSON.stringify(tensor)} of ${file} has ${count} numbers; at most ${LIMITS.weightFloats} are read at once.`, {
    hint: "Ask for some of its rows.",
    where: { file, tensor },
  });

export const noSuchWeight = (file: string, name: string, names: string): ProblemError =>
  problem("model/no-such-weight", `No weight of ${file} has the role ${JSON.stringify(name.slice(0, 200))}.`, { hint: `There are ${names}.`, where: { file } });

export const weightMissing = (file: string, name: string, why: string): ProblemError =>
  problem("model/weight-missing", `${name} is ${why}.`, { where: { file } });
