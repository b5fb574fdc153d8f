import { closeSync, openSync, readSync } from "node:fs";

/** A file that is read by ranges and nothing else: what is asked for is what is read. */
export interface RangeFile {
  /** @throws Error when the file ends before `end` */
  read(start: number, end: number): Uint8Array<ArrayBuffer>;
  /** Bytes read so far. */
  readonly bytesRead: number;
  close(): void;
}

export function rangeFile(path: string): RangeFile {
  const file = openSync(path, "r");
  let bytesRead = 0;
  return {
    get bytesRead() {
      return bytesRead;
    },
    read(start, end) {
      const bytes = new Uint8Array(end - start);
      let got = 0;
      while (got < bytes.length) {
        const n = readSync(file, bytes, got, bytes.length - got, start + got);
        if (n === 0) throw new Error(`${path} ends at byte ${start + got}`);
        got += n;
      }
      bytesRead += got;
      return bytes;
    },
    close: () => closeSync(file),
  };
}
