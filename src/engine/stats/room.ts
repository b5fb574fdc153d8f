/** Room that is used again for every fold and layer: fresh arrays of this size cost more than what is done with them. */
export class Room {
  private readonly held = new Map<string, Float64Array>();
  private readonly singles = new Map<string, Float32Array>();

  /** Its contents are whatever was there. */
  take(name: string, length: number): Float64Array {
    let own = this.held.get(name);
    if (!own || own.length < length) {
      own = new Float64Array(length);
      this.held.set(name, own);
    }
    return own.length === length ? own : own.subarray(0, length);
  }

  /** The same in float32. */
  single(name: string, length: number): Float32Array {
    let own = this.singles.get(name);
    if (!own || own.length < length) {
      own = new Float32Array(length);
      this.singles.set(name, own);
    }
    return own.length === length ? own : own.subarray(0, length);
  }
}

const free = new WeakMap<object, Room[]>();

/** Lends room that lives as long as `owner`; two that work at once get two. */
export async function withRoom<T>(owner: object, use: (room: Room) => Promise<T>): Promise<T> {
  const rooms = free.get(owner) ?? [];
  free.set(owner, rooms);
  const room = rooms.pop() ?? new Room();
  try {
    return await use(room);
  } finally {
    rooms.push(room);
  }
}
