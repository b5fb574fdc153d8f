import { problem } from "../errors.js";

/** `org/name`, or the old models' plain `name`: the Hub's own rule for repositories. */
const REPO = /^(?:[A-Za-z0-9][\w.-]{0,95}\/)?[A-Za-z0-9][\w.-]{0,95}$/;
const REVISION = /^(?!.*\.\.)[A-Za-z0-9][\w./-]{0,127}$/;

/**
 * The repository as the Hub names it; an address of its page will do.
 * @throws Problem `hub/bad-name`
 */
export function repoName(text: string): string {
  const name = text
    .trim()
    .replace(/^https?:\/\/[^/]+\//, "")
    .replace(/^models\//, "")
    .replace(/\/(tree|blob|resolve)\/.*$/, "")
    .replace(/\/$/, "");
  if (!REPO.test(name) || /--|\.\./.test(name) || /\.git$/.test(name))
    throw problem("hub/bad-name", `${JSON.stringify(text.slice(0, 100))} is not the name of a model on the Hub.`, {
      hint: "Names look like HuggingFaceTB/SmolLM2-135M-Instruct.",
    });
  return name;
}

/** @throws Problem `hub/bad-name` */
export function revisionName(text: string): string {
  if (!REVISION.test(text)) throw problem("hub/bad-name", `${JSON.stringify(text.slice(0, 100))} is not a branch, tag or commit.`);
  return text;
}

export const isCommit = (text: unknown): text is string => typeof text === "string" && /^[0-9a-f]{40}$/.test(text);

/** The name of a blob: sha256 of what Git LFS keeps, Git's own sha1 of the rest. Nothing else becomes a file name. */
export const isOid = (text: unknown): text is string => typeof text === "string" && /^(?:[0-9a-f]{64}|[0-9a-f]{40})$/.test(text);

/** Names that no file system and no address reads as anything but a name below the repository's root (CWE-22). */
export function isSafePath(path: string): boolean {
  if (path.length === 0 || path.length > 512) return false;
  if (/[\u0000-\u001f\u007f\\:*?"<>|#%]/.test(path)) return false;
  return path
    .split("/")
    .every((part) => part !== "" && part !== "." && part !== ".." && !/[. ]$/.test(part) && !/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(part));
}
