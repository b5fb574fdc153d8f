import type { PromptScore } from "../../protocol/index.js";

export type Look = "light" | "dark" | "hc" | "hc-light";

/** Blue and orange are the panel's: safe and unsafe. */
const INKS: Readonly<Record<Look, { readonly ink: string; readonly faint: string; readonly unsafe: string; readonly safe: string }>> = {
  light: { ink: "#3b3b3b", faint: "#c8c8c8", unsafe: "#b35900", safe: "#0066b8" },
  dark: { ink: "#cccccc", faint: "#5a5a5a", unsafe: "#ffa64d", safe: "#6cb6ff" },
  hc: { ink: "#ffffff", faint: "#8a8a8a", unsafe: "#ffb866", safe: "#8ecbff" },
  "hc-light": { ink: "#000000", faint: "#6e6e6e", unsafe: "#8a4400", safe: "#00467a" },
};

/** Low enough for a hover that also holds a diagnostic with its rows. */
export const CURVE = { width: 300, height: 84 } as const;
const { width: WIDTH, height: HEIGHT } = CURVE;
const [LEFT, RIGHT, TOP, BOTTOM] = [34, 8, 8, 20];

/** The probability of the unsafe side by layer, as a small picture for a hover. Only numbers go into it. */
export function curveSvg(score: Pick<PromptScore, "curve" | "emergence" | "side">, threshold: number, look: Look): string {
  const inks = INKS[look];
  const last = Math.max(1, score.curve.length - 1);
  const x = (layer: number) => round(LEFT + (layer / last) * (WIDTH - LEFT - RIGHT));
  const y = (p: number) => round(TOP + (1 - Math.min(1, Math.max(0, p))) * (HEIGHT - TOP - BOTTOM));
  const text = (tx: number, ty: number, anchor: string, s: string) =>
    `<text x="${tx}" y="${ty}" text-anchor="${anchor}" font-family="sans-serif" font-size="10" fill="${inks.ink}">${s}</text>`;
  const line = score.side === "unsafe" ? inks.unsafe : score.side === "safe" ? inks.safe : inks.ink;
  const marks = score.curve
    .map((p, layer) => (p === null ? "" : `<circle cx="${x(layer)}" cy="${y(p)}" r="${layer === last ? 3.2 : 1.6}" fill="${line}"/>`))
    .join("");
  const emerged =
    score.emergence === null
      ? ""
      : `<line x1="${x(score.emergence)}" x2="${x(score.emergence)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="${inks.ink}" stroke-dasharray="1 2"/>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}">`,
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(0)}" y2="${y(0)}" stroke="${inks.faint}"/>`,
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(threshold)}" y2="${y(threshold)}" stroke="${inks.unsafe}" stroke-dasharray="4 3"/>`,
    text(LEFT - 4, TOP + 8, "end", "100 %"),
    text(LEFT - 4, y(0) + 3, "end", "0"),
    text(LEFT, HEIGHT - 6, "start", "layer 0"),
    text(WIDTH - RIGHT, HEIGHT - 6, "end", String(score.curve.length - 1)),
    emerged,
    ...strokes(score.curve, x, y).map((points) => `<polyline points="${points}" fill="none" stroke="${line}" stroke-width="1.8"/>`),
    marks,
    "</svg>",
  ].join("");
}

const round = (v: number) => Math.round(v * 10) / 10;

/** Stretches without a gap: what is missing is not bridged. */
function strokes(curve: readonly (number | null)[], x: (layer: number) => number, y: (p: number) => number): string[] {
  const runs: string[][] = [[]];
  curve.forEach((p, layer) => {
    if (p === null) runs.push([]);
    else (runs.at(-1) as string[]).push(`${x(layer)},${y(p)}`);
  });
  return runs.filter((run) => run.length > 1).map((run) => run.join(" "));
}

/** The same in words, for those who do not see the picture. */
export function curveText(curve: readonly (number | null)[]): string {
  const told = curve.map((p, layer) => `${layer}: ${p === null ? "none" : `${Math.round(p * 100)} %`}`);
  return `Probability of the unsafe side by layer. ${told.length > 16 ? told.filter((_, i) => i % Math.ceil(told.length / 16) === 0 || i === told.length - 1).join(", ") : told.join(", ")}`;
}

export const dataUri = (svg: string): string => `data:image/svg+xml;base64,${Buffer.from(svg, "utf8").toString("base64")}`;
