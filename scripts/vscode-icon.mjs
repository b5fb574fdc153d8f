// Writes media/icon.png (128 x 128, RGBA) with Node alone: three layers, on the upper one a safe disc and an unsafe square.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32, deflateSync } from "node:zlib";

const SIZE = 128;
/** Samples a side in each pixel. */
const FINE = 4;

const colour = { back: [16, 36, 62], edge: [31, 66, 105], safe: [79, 163, 255], unsafe: [255, 160, 64] };
const layers = [
  { y: 84, fill: [44, 82, 126] },
  { y: 64, fill: [70, 116, 166] },
  { y: 44, fill: [222, 234, 247] },
];

/** Colour at a point of the square, undefined outside of its rounded corners. */
function at(x, y) {
  const r = 24;
  const [dx, dy] = [Math.max(r - x, x - (SIZE - r), 0), Math.max(r - y, y - (SIZE - r), 0)];
  if (Math.hypot(dx, dy) > r) return undefined;
  let found = colour.back;
  for (const layer of layers) {
    const distance = Math.abs(x - 64) / 48 + Math.abs(y - layer.y) / 24;
    if (distance <= 1.09) found = colour.edge;
    if (distance <= 1) found = layer.fill;
  }
  if (Math.hypot(x - 47, (y - 44) * 1.3) <= 9.5) found = colour.safe;
  if (Math.abs(x - 81) <= 8 && Math.abs(y - 44) <= 6.5) found = colour.unsafe;
  return found;
}

const rows = Buffer.alloc(SIZE * (1 + SIZE * 4));
for (let y = 0; y < SIZE; y++) {
  for (let x = 0; x < SIZE; x++) {
    const sum = [0, 0, 0];
    let covered = 0;
    for (let i = 0; i < FINE * FINE; i++) {
      const c = at(x + ((i % FINE) + 0.5) / FINE, y + (Math.floor(i / FINE) + 0.5) / FINE);
      if (!c) continue;
      covered++;
      for (let k = 0; k < 3; k++) sum[k] += c[k];
    }
    const offset = y * (1 + SIZE * 4) + 1 + x * 4;
    for (let k = 0; k < 3; k++) rows[offset + k] = covered ? Math.round(sum[k] / covered) : 0;
    rows[offset + 3] = Math.round((255 * covered) / (FINE * FINE));
  }
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

const header = Buffer.alloc(13);
header.writeUInt32BE(SIZE, 0);
header.writeUInt32BE(SIZE, 4);
header.set([8, 6, 0, 0, 0], 8);
const png = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  chunk("IHDR", header),
  chunk("IDAT", deflateSync(rows, { level: 9 })),
  chunk("IEND", Buffer.alloc(0)),
]);
writeFileSync(join(dirname(fileURLToPath(import.meta.url)), "..", "media", "icon.png"), png);
