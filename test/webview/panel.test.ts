import { afterAll, beforeAll } from "vitest";
import { axiomTests } from "./axioms.js";
import { axisTests } from "./axis.js";
import { type Lab, startLab } from "./browser.js";
import { cardTests } from "./card.js";
import { compareTests } from "./compare.js";
import { everybodyTests } from "./everybody.js";
import { imagesTests } from "./images.js";
import { largeTests } from "./large.js";
import { lensTests } from "./lenses.js";
import { promptTests } from "./prompts.js";
import { reportTests } from "./report.js";
import { rowsTests } from "./rows.js";
import { runningTests } from "./running.js";
import { strangersTests } from "./strangers.js";

// One Chromium for all of them: it takes a second to start and 150 MB to keep.
let lab: Lab;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(async () => {
  await lab?.close();
});

const shared = () => lab;
everybodyTests(shared);
axisTests(shared);
axiomTests(shared);
rowsTests(shared);
imagesTests(shared);
lensTests(shared);
runningTests(shared);
strangersTests(shared);
reportTests(shared);
compareTests(shared);
cardTests(shared);
promptTests(shared);
largeTests(shared);
