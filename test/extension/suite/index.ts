import { readdirSync } from "node:fs";
import { join } from "node:path";
import Mocha from "mocha";

/** Called by VS Code inside the extension host. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", timeout: 120_000, slow: 5000, reporter: Lines, grep: process.env["LAYERSCOPE_TEST_GREP"] });
  for (const file of readdirSync(__dirname).sort()) if (/\.suite\.js$/.test(file)) mocha.addFile(join(__dirname, file));
  await new Promise<void>((resolve, reject) => {
    mocha.run((failures) => (failures > 0 ? reject(new Error(`${failures} tests failed`)) : resolve()));
  });
}

/** One line a test, marked so that they can be told from the extension host's other output. */
class Lines extends Mocha.reporters.Base {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    let [passed, failed, pending] = [0, 0, 0];
    const say = (line: string) => console.log(`[suite] ${line}`);
    runner.on("pass", (test) => {
      passed++;
      say(`  ✓ ${test.fullTitle()} (${test.duration} ms)`);
    });
    runner.on("pending", (test) => {
      pending++;
      say(`  - ${test.fullTitle()}`);
    });
    runner.on("fail", (test, error) => {
      failed++;
      say(`  ✗ ${test.fullTitle()}: ${error.stack ?? error.message}`);
    });
    runner.on("end", () => say(`${passed} passed, ${failed} failed, ${pending} skipped`));
  }
}
