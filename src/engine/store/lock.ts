import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { DISK, type Disk, writeFully } from "./disk.js";

export interface Lock {
  /** Says that the holder still lives. */
  beat(): void;
  release(): void;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly id: string;
}

/** A lock that nobody has touched for so long is left over: process numbers come back, and hosts share disks. */
const STALE_MS = 300_000;
const BEAT_MS = 20_000;

/** Held by this process: the same number in a lock file may otherwise be that of a dead process of a container before. */
const held = new Set<string>();

/**
 * One holder among all processes, by exclusive creation of `path`. What a dead process has left is taken over.
 * @returns undefined: somebody else holds it
 * @throws the file system's error
 */
export function takeLock(path: string, disk: Disk = DISK): Lock | undefined {
  for (let tries = 0; tries < 3; tries++) {
    if (held.has(path)) return undefined;
    try {
      const file = disk.openSync(path, "wx", 0o600);
      const id = randomBytes(8).toString("hex");
      try {
        writeFully(disk, file, Buffer.from(JSON.stringify({ pid: process.pid, host: hostname(), id } satisfies Holder)));
      } finally {
        disk.closeSync(file);
      }
      return holding(path, disk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (!takeAway(path, disk)) return undefined;
  }
  return undefined;
}

/** Whether somebody who lives holds it; takes nothing. */
export function isHeld(path: string, disk: Disk = DISK): boolean {
  if (held.has(path)) return true;
  const content = read(path, disk);
  return content !== undefined && !isStale(path, content, disk);
}

function holding(path: string, disk: Disk): Lock {
  held.add(path);
  let last = Date.now();
  const touch = () => {
    try {
      disk.utimesSync(path, new Date(), new Date());
    } catch {
      // The folder was cleared meanwhile; what is held then is nothing.
    }
  };
  const timer = setInterval(touch, BEAT_MS).unref();
  return {
    beat() {
      if (Date.now() - last < BEAT_MS) return;
      last = Date.now();
      touch();
    },
    release() {
      clearInterval(timer);
      held.delete(path);
      try {
        disk.rmSync(path, { force: true });
      } catch {
        // It is stale from now on.
      }
    },
  };
}

/** @returns whether it is worth trying again */
function takeAway(path: string, disk: Disk): boolean {
  const content = read(path, disk);
  if (content === undefined) return true;
  if (!isStale(path, content, disk)) return false;
  const aside = `${path}.${randomBytes(6).toString("hex")}.stale`;
  try {
    disk.renameSync(path, aside);
  } catch {
    return true;
  }
  // Between the look and the rename another process may have taken it over: then it gets its lock back.
  const taken = read(aside, disk);
  if (taken !== content) {
    try {
      disk.linkSync(aside, path);
    } catch {
      // A third one has it by now.
    }
  }
  disk.rmSync(aside, { force: true });
  return true;
}

function isStale(path: string, content: string, disk: Disk): boolean {
  let holder: Partial<Holder> = {};
  try {
    holder = JSON.parse(content) as Partial<Holder>;
  } catch {
    // Cut off in its creation: nobody is sure of it, so time decides.
  }
  if (holder.host === hostname() && typeof holder.pid === "number" && (holder.pid === process.pid || !isAlive(holder.pid))) return true;
  try {
    return Date.now() - disk.statSync(path).mtimeMs > STALE_MS;
  } catch {
    return true;
  }
}

function read(path: string, disk: Disk): string | undefined {
  try {
    return disk.readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Whether a process of this number runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
