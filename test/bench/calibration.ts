// npm run bench -- calibration [RUNS]: coverage of the index's 95% interval over planted runs, and the share of sets without signal that are rejected at 5%.
import { coverage, DESIGNS, rejections } from "../engine/lenses/calibration-runs.js";
import { plainBlas } from "../engine/stats/plain.js";

async function main() {
  const runs = Number(process.argv[2] ?? 400);
  for (const design of DESIGNS) {
    const { truth, mean, estimate, expected } = await coverage(design, runs, plainBlas);
    const rows = `${design.perClass} rows a class, ${design.d} dimensions`;
    console.log(
      `${design.name} (${rows}): interval holds the planted ${expected.toFixed(0)} in ${(100 * truth).toFixed(1)}% of ${runs} runs, the mean estimate ${estimate.toFixed(1)} in ${(100 * mean).toFixed(1)}%`,
    );
  }
  console.log(`without signal: rejected at 5% in ${(100 * (await rejections(300, 199, plainBlas))).toFixed(1)}% of 300 runs of 199 permutations`);
}
void main();
