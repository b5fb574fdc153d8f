/** The characters of 0x80 to 0x9f, where Windows-1252 is not Latin-1; five bytes mean nothing. */
const HIGH = "€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ";
const UNUSED = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/** The text of a single-byte document; undefined when it holds a byte that is not in the encoding. One byte is one UTF-16 unit. */
export function windows1252(bytes: Buffer): string | undefined {
  if (UNUSED.some((byte) => bytes.includes(byte))) return undefined;
  return bytes.toString("latin1").replace(/[\u0080-\u009f]/g, (c) => HIGH[c.charCodeAt(0) - 0x80] as string);
}
