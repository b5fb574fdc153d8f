/** Room that is used again for every fold: fresh arrays of this size cost more than what is done with them. */
export class Room {
  private readonly held = new Map<string, Float64Array>();

  /** Its contents are whatever was there. */
  take(name: string, length: number): Float64Array {
    let own = this.held.get(name);
    if (!own || own.length < length) {
      own = new Float64Array(length);
      this.held.set(name, own);
    }
    return own.length === length ? own : own.subarray(0, length);
  }
}
