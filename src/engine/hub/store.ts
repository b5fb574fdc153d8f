import { constants } from "node:fs";
import { copyFile, lstat, mkdir, open, readFile, realpath, rename, rm, stat, statfs, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { busyElsewhere, cannotWrite, inTheWay } from "./errors.js";
import type { Listed } from "./library.js";

/** A repository's folder in the standard cache: blobs by checksum, snapshots of links to them, refs that name a branch's commit. */
export class CacheFolder {
  readonly path: string;
  private readonly locks: string;

  constructor(cache: string, repo: string) {
    const name = `models--${repo.replaceAll("/", "--")}`;
    this.path = join(cache, name);
    this.locks = join(cache, ".locks", name);
  }

  blob(oid: string): string {
    return join(this.path, "blobs", oid);
  }

  /** Ours alone: Python's library writes into names of its own. */
  partial(oid: string): string {
    return join(this.path, "blobs", `${oid}.layerscope.incomplete`);
  }

  snapshot(commit: string, path: string): string {
    return join(this.path, "snapshots", commit, ...path.split("/"));
  }

  /** The file is whole: by its blob, or (where links cannot be made) by the copy in the snapshot. */
  async has({ oid, bytes, path }: Listed, commit: string): Promise<boolean> {
    const sizes = await Promise.all(
      [this.blob(oid), this.snapshot(commit, path)].map((file) =>
        stat(file).then(
          (s) => s.size,
          () => undefined,
        ),
      ),
    );
    return sizes.includes(bytes);
  }

  async prepare(): Promise<void> {
    try {
      await mkdir(join(this.path, "blobs"), { recursive: true });
      await mkdir(this.locks, { recursive: true });
    } catch (error) {
      throw cannotWrite(dirname(this.path), codeOf(error));
    }
  }

  /**
   * One writer a blob; a lock left by a process that is gone counts for nothing.
   * @returns how to let go
   */
  async lock({ oid, path }: Listed): Promise<() => Promise<void>> {
    const file = join(this.locks, `${oid}.layerscope.lock`);
    for (let again = true; ; again = false) {
      try {
        await writeFile(file, String(process.pid), { flag: "wx" });
        return () => rm(file, { force: true });
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw cannotWrite(dirname(this.path), codeOf(error));
        const holder = Number(await readFile(file, "utf8").catch(() => ""));
        if (!again || isAlive(holder)) throw busyElsewhere(path);
        await rm(file, { force: true });
      }
    }
  }

  /** Makes a checked partial file the blob. */
  async keep(oid: string): Promise<void> {
    const file = await open(this.partial(oid), "r+");
    await file.sync().finally(() => file.close());
    await rename(this.partial(oid), this.blob(oid));
  }

  /** The file's name in the snapshot: a relative link to its blob, or where links are refused the file itself. */
  async link({ oid, path, bytes }: Listed, commit: string): Promise<void> {
    const at = this.snapshot(commit, path);
    const blob = this.blob(oid);
    await mkdir(dirname(at), { recursive: true });
    const there = await lstat(at).catch(() => undefined);
    if (there) {
      const target = await realpath(at).catch(() => undefined);
      if (target !== undefined && (target === (await realpath(blob).catch(() => "")) || (await stat(target)).size === bytes)) return;
      throw inTheWay(at);
    }
    try {
      await symlink(relative(dirname(at), blob).split(sep).join("/"), at, "file");
    } catch (error) {
      if (codeOf(error) === "EEXIST") return;
      if (!["EPERM", "ENOSYS", "EACCES", "ENOTSUP"].includes(codeOf(error))) throw error;
      await copyFile(blob, at, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    }
  }

  /**
   * Notes which commit a branch means, for libraries that ask without a network. A note that is there already stays: it may
   * name a snapshot with files that this download does not have.
   * @returns whether the branch now means this commit
   */
  async name(revision: string, commit: string): Promise<boolean> {
    if (revision === commit) return true;
    const file = join(this.path, "refs", ...revision.split("/"));
    await mkdir(dirname(file), { recursive: true });
    try {
      const temporary = `${file}.${process.pid}.tmp`;
      const known = await readFile(file, "utf8").catch(() => undefined);
      if (known !== undefined) return known.trim() === commit;
      await writeFile(temporary, commit, { flag: "wx" });
      await rename(temporary, file);
      return true;
    } catch (error) {
      throw cannotWrite(this.path, codeOf(error));
    }
  }
}

/** Free bytes of the disk that a folder lies on, or will lie on; null where that is not told. */
export async function freeBytes(folder: string): Promise<number | null> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch {
      if (dirname(at) === at) return null;
    }
  }
}

export const codeOf = (error: unknown): string => String((error as { code?: unknown })?.code ?? "unknown");

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
