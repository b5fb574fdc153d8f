import type { Notice } from "../../protocol/index.js";
import { wrongFormat } from "./errors.js";
import { windows1252 } from "./windows-1252.js";

/** A document without its byte order mark, as an editor shows it. */
export interface Decoded {
  readonly text: string;
  readonly notices: readonly Notice[];
}

/**
 * UTF-8, or UTF-16 by its byte order mark. Other bytes are read as Windows-1252 where they can be, else with replacement
 * characters, and it is said; what is no text is refused by name.
 */
export function decode(path: string, bytes: Buffer): Decoded {
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === 0x0000feff) throw utf32(path);
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === 0xfffe0000) throw utf32(path);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return utf16(bytes.subarray(2), "LE");
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return utf16(bytes.subarray(2, bytes.length - (bytes.length % 2)), "BE");
  const body = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
  refuseBinary(path, body);
  const text = body.toString("utf8");
  const notices: Notice[] = [];
  if (text.includes("\ufffd") && !isUtf8(body)) {
    const line = lineOf(text, text.indexOf("\ufffd"));
    const guess = body === bytes && !isDamaged(text) ? windows1252(body) : undefined;
    if (guess !== undefined) {
      const message = `The file is not UTF-8 (the first such byte is on line ${line + 1}); it was read as Windows-1252, which is a guess. Save it as UTF-8 if letters look wrong.`;
      return { text: guess, notices: [{ code: "data/windows-1252", message, where: { file: path, line } }] };
    }
    notices.push({
      code: "data/not-utf8",
      message: `Some bytes are not UTF-8 (the first on line ${line + 1}) and were read as \ufffd; save the file as UTF-8 to keep them.`,
      where: { file: path, line },
    });
  }
  return { text, notices };
}

function utf16(bytes: Buffer, order: "LE" | "BE"): Decoded {
  const even = bytes.length - (bytes.length % 2);
  const swapped = order === "BE" ? Buffer.from(bytes.subarray(0, even)).swap16() : bytes.subarray(0, even);
  return { text: swapped.toString("utf16le"), notices: [{ code: "data/utf16", message: `Read as UTF-16 ${order}, by its byte order mark.` }] };
}

const utf32 = (path: string) => wrongFormat(path, "is UTF-32 text", "Save it as UTF-8.");

function refuseBinary(path: string, body: Buffer): void {
  const head = body.subarray(0, 8192);
  let zeros = 0;
  let controls = 0;
  for (const byte of head) {
    if (byte === 0) zeros++;
    else if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 27 && byte !== 7 && byte !== 12) controls++;
  }
  if (zeros > head.length * 0.2 && controls < head.length * 0.05) throw wrongFormat(path, "looks like UTF-16 without a byte order mark", "Save it as UTF-8.");
  if (zeros + controls > head.length * 0.1) throw wrongFormat(path, "is binary, not text", "Choose a text or Parquet file.");
}

function isUtf8(body: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(body);
    return true;
  } catch {
    return false;
  }
}

/** UTF-8 with a few broken bytes: its other letters came out whole, which in another encoding they hardly ever do. */
function isDamaged(text: string): boolean {
  let whole = 0;
  let broken = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0xfffd) broken++;
    else if (c > 127) whole++;
  }
  return whole >= broken;
}

function lineOf(text: string, offset: number): number {
  let line = 0;
  for (let i = 0; i < offset; i++) {
    const c = text.charCodeAt(i);
    if (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10)) line++;
  }
  return line;
}
