type Json = Readonly<Record<string, unknown>>;

/** Characters that byte-level tokenizers (GPT-2) write for bytes: printable ones stand for themselves, the rest from U+0100 on. */
const BYTES: ReadonlyMap<string, number> = (() => {
  const own = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
  const map = new Map<string, number>();
  let next = 256;
  for (let b = 0; b < 256; b++) map.set(String.fromCodePoint(own(b) ? b : next++), b);
  return map;
})();

const NOTHING = new Uint8Array();

/**
 * The UTF-8 bytes that a token stands for, by the ways tokenizers write their pieces: byte-level (`Ġthe`), SentencePiece (`▁the`,
 * `<0x0A>`), WordPiece (`##ing`), or as it is. none for the unknown token, undefined for special ones.
 */
export function tokenBytes(json: Json, pieceOf: (id: number) => string | undefined): (id: number) => Uint8Array | undefined {
  const kinds = JSON.stringify([json["decoder"], json["pre_tokenizer"]]);
  const byteLevel = kinds.includes('"ByteLevel"');
  const added = new Map<number, { content: string; special: boolean }>();
  for (const token of Array.isArray(json["added_tokens"]) ? (json["added_tokens"] as unknown[]) : []) {
    const { id, content, special } = (typeof token === "object" && token !== null ? token : {}) as Json;
    if (typeof id === "number" && typeof content === "string") added.set(id, { content, special: special === true });
  }
  const model = (typeof json["model"] === "object" && json["model"] !== null ? json["model"] : {}) as Json;
  const unknown = model["unk_token"];
  const prefix =
    typeof model["continuing_subword_prefix"] === "string" && model["continuing_subword_prefix"] !== "" ? model["continuing_subword_prefix"] : "##";
  const wordPiece = model["type"] === "WordPiece" || kinds.includes('"WordPiece"');
  const encoder = new TextEncoder();
  return (id) => {
    const own = added.get(id);
    if (own && own.content === unknown) return NOTHING;
    if (own) return own.special ? undefined : encoder.encode(own.content);
    const piece = pieceOf(id);
    if (piece === undefined || piece === unknown) return NOTHING;
    if (byteLevel) {
      const bytes = [...piece].map((character) => BYTES.get(character));
      return bytes.every((b) => b !== undefined) ? Uint8Array.from(bytes as number[]) : encoder.encode(piece);
    }
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(piece);
    if (byte) return Uint8Array.of(Number.parseInt(byte[1]!, 16));
    if (wordPiece) return encoder.encode(piece.startsWith(prefix) ? piece.slice(prefix.length) : piece);
    return encoder.encode(piece.replaceAll("▁", " ").replace(/<\/w>$/, ""));
  };
}
