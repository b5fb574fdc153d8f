import { join } from "node:path";
import { type AuditPlan, type AuditView, type Notice, type Problem, ProblemError, problemOf } from "../../protocol/index.js";
import type { Collected } from "../audit/collect.js";
import type { Prepared } from "../audit/prepare.js";
import type { StudyOfRows } from "../audit/study.js";
import type { ConceptDepth } from "../lenses/concept-depth/index.js";
import type { Blas, LensOutput } from "../lenses/lens.js";
import { makeProfile } from "./make.js";
import type { Profile } from "./profile.js";
import { writeProfile } from "./write.js";

/** A run's profile lies beside its result under this name. */
export const RUN_PROFILE = "profile.json";

export interface Ran {
  readonly plan: AuditPlan;
  readonly prepared: Prepared;
  readonly collected: Collected;
  readonly study: StudyOfRows;
  readonly outputs: ReadonlyMap<string, LensOutput<unknown>>;
  readonly blas: Blas;
  readonly signal?: AbortSignal;
}

/** Leaves the audit's profile in the run's folder and where the plan wants it. An audit that can have none is whole without; the reason is told where one was asked for. */
export async function keepProfile(view: AuditView, { plan, prepared, collected, study, outputs, blas, signal }: Ran): Promise<AuditView> {
  const { runFolder, saveProfile } = plan;
  if (runFolder === undefined && saveProfile === undefined) return view;
  const probe = outputs.get("concept-depth")?.values as ConceptDepth;
  const progress = () => new Promise<void>((resolve) => setImmediate(resolve));
  let profile: Profile;
  try {
    profile = await makeProfile({ plan, prepared, collected, study, probe, tools: { blas, signal, progress } });
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.code !== "profile/none") throw error;
    return saveProfile === undefined ? view : told(view, [said(error.problem)]);
  }
  const places = { model: prepared.model.card.path, dataset: prepared.dataset.card.path };
  const failed: Notice[] = [];
  for (const [file, mode] of [
    [runFolder && join(runFolder, RUN_PROFILE), 0o600],
    [saveProfile, 0o666],
  ] as const) {
    if (file === undefined) continue;
    try {
      await writeProfile(file, profile, places, mode);
    } catch (error) {
      failed.push({ code: "profile/not-saved", message: `The profile is not saved: ${problemOf(error).message}`, where: { file } });
    }
  }
  return told(view, failed);
}

const said = ({ code, message }: Problem): Notice => ({ code, message });

const told = (view: AuditView, notices: readonly Notice[]): AuditView =>
  notices.length === 0 ? view : { ...view, result: { ...view.result, notices: [...view.result.notices, ...notices] } };
