import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorsOf, type Lab, settle, startLab } from "./browser.js";
import { makeView } from "./fixture.js";
import type { ThemeName } from "./themes.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let lab: Lab;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(async () => {
  await lab.close();
});

const asked = (page: Page, method: string) => page.evaluate((wanted) => window.mock.asked.filter((a) => a.method === wanted).map((a) => a.params), method);
const chosenLayer = (page: Page) => page.locator(".frame.curve").getAttribute("aria-valuenow");
const overflow = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
const firstRows = (page: Page, n = 3) =>
  page.evaluate(
    (many) =>
      [...document.querySelectorAll<HTMLElement>(".list-row")]
        .sort((a, b) => Number(a.dataset["place"]) - Number(b.dataset["place"]))
        .slice(0, many)
        .map((r) => r.getAttribute("aria-label") ?? ""),
    n,
  );

describe("for everybody", () => {
  for (const theme of ["light", "dark", "contrast", "contrast-light"] as ThemeName[]) {
    it(`axe finds nothing serious in ${theme}`, async () => {
      for (const setup of [
        {},
        {
          phase: "running",
          wish: { final: false, scored: 0.5 },
          more: { progress: { phase: "running", done: 10, of: 240, unit: "rows", perSecond: 20, secondsLeft: 11 } },
        },
      ] as const) {
        const page = await lab.open(setup, { theme });
        await page.locator(".list-row").first().click();
        if (!("phase" in setup)) for (const button of await page.getByText("Table", { exact: true }).all()) await button.click();
        await settle(page);
        // The panel's own policy forbids scripts without the nonce, so axe comes in past it.
        const cdp = await page.context().newCDPSession(page);
        await cdp.send("Runtime.evaluate", { expression: axe });
        const found = await page.evaluate(async () => {
          const { violations, passes } = await (
            window as unknown as {
              axe: { run(): Promise<{ passes: unknown[]; violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[] }> };
            }
          ).axe.run();
          if (passes.length < 15) return ["axe looked at too little"];
          return violations
            .filter((v) => v.impact === "serious" || v.impact === "critical")
            .map((v) => `${v.id}: ${v.nodes[0].html} ${v.nodes[0].failureSummary}`);
        });
        expect(found).toEqual([]);
        await page.close();
      }
    });
  }

  it("does not overflow at 400 px, whatever stands in it", async () => {
    const names = ["a category with a name that is much longer than any gutter could ever be", "ÆØÅ".repeat(40), "short"];
    for (const setup of [
      {},
      { wish: { layers: 257, categoryNames: names } },
      { wish: { layers: 2, rows: 2, kind: "concept" } },
      { noView: true, phase: "failed", more: { problem: { code: "data/bad", message: "x".repeat(300) } } },
    ] as const) {
      const page = await lab.open(setup, { width: 400 });
      expect(await overflow(page)).toBe(0);
      expect(errorsOf(page)).toEqual([]);
      await page.close();
    }
  });

  it("puts the map beside the list from 900 px, and below it in one column", async () => {
    const boxes = async (width: number) => {
      const page = await lab.open({}, { width });
      const [list, map] = [await page.locator(".frame.strips").boundingBox(), await page.locator(".frame.points").boundingBox()];
      await page.close();
      return { list: list!, map: map! };
    };
    const wide = await boxes(900);
    expect(wide.map.x).toBeGreaterThan(wide.list.x + wide.list.width);
    const narrow = await boxes(880);
    expect(narrow.map.y).toBeGreaterThan(narrow.list.y + narrow.list.height - 1);
  });

  it("has a table behind every picture", async () => {
    const page = await lab.open({ wish: { layers: 9, rows: 40 } });
    for (const button of await page.getByText("Table", { exact: true }).all()) await button.click();
    await settle(page);
    expect(await page.locator(".table table").count()).toBe(5);
    const curve = await page.locator(".curve-section table").textContent();
    expect(curve).toContain("words alone");
    expect(await page.locator(".curve-section tbody tr").count()).toBe(9);
    expect(await page.locator(".points-section tbody tr").count()).toBe(40);
    await page.close();
  });
});

describe("one axis", () => {
  it("aligns the columns of curve, heatmaps and row strips to the pixel", async () => {
    for (const [layers, width] of [
      [13, 1200],
      [33, 400],
      [257, 1200],
      [2, 700],
    ]) {
      const page = await lab.open({ wish: { layers } }, { width });
      const edges = await page.evaluate(() => {
        const box = (selector: string) => document.querySelector(selector)!.getBoundingClientRect();
        const cells = [...document.querySelectorAll(".frame.matrix")].map((m) => {
          const rects = m.querySelectorAll("g.row:first-of-type rect");
          return [rects[0].getBoundingClientRect().left, rects[rects.length - 1].getBoundingClientRect().right];
        });
        const strip = box(".row-strip");
        const chance = box(".frame.curve g.chance line");
        return [...cells, [strip.left, strip.right], [chance.left, chance.right]];
      });
      for (const [left, right] of edges) {
        expect(Math.abs(left - edges[0][0])).toBeLessThan(1.01);
        expect(Math.abs(right - edges[0][1])).toBeLessThan(1.01);
      }
      await page.close();
    }
  });

  it("moves the layer by click, drag, keys and slider, everywhere at once", async () => {
    const page = await lab.open();
    const box = (await page.locator(".frame.curve").boundingBox())!;
    const cell = async (layer: number) =>
      page.evaluate((l) => document.querySelectorAll(".frame.matrix g.row:first-of-type rect")[l].getBoundingClientRect().left + 4, layer);
    await page.mouse.move(await cell(2), box.y + 80);
    await page.mouse.down();
    await settle(page);
    expect(await chosenLayer(page)).toBe("2");
    await page.mouse.move(await cell(5), box.y + 90, { steps: 4 });
    await page.mouse.up();
    await settle(page);
    expect(await chosenLayer(page)).toBe("5");
    await page.locator(".frame.curve").focus();
    await page.keyboard.press("ArrowRight");
    await settle(page);
    expect(await chosenLayer(page)).toBe("6");
    await page.keyboard.press("End");
    await settle(page);
    expect(await chosenLayer(page)).toBe("12");
    expect(await page.locator('input[type="range"]').inputValue()).toBe("12");
    await page.locator('input[type="range"]').fill("3");
    await settle(page);
    expect(await chosenLayer(page)).toBe("3");
    const lines = await page.evaluate(() =>
      [...document.querySelectorAll(".cross.chosen")].map((e) => e.getBoundingClientRect()).map((b) => b.left + b.width / 2),
    );
    expect(lines.length).toBeGreaterThanOrEqual(4);
    for (const x of lines) expect(Math.abs(x - lines[0])).toBeLessThan(1.5);
    await page.close();
  });

  it("roves through a heatmap and says each cell", async () => {
    const page = await lab.open();
    const grid = page.locator(".frame.matrix").first();
    await grid.locator('rect[tabindex="0"]').focus();
    for (const key of ["Home", "ArrowDown", "ArrowRight", "ArrowRight"]) {
      await page.keyboard.press(key);
      await settle(page);
    }
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toMatch(/^AUROC, layer 2: 0\.\d+$/);
    expect(await grid.locator('rect[tabindex="0"]').count()).toBe(1);
    expect(await chosenLayer(page)).toBe("2");
    await page.close();
  });
});

describe("rows", () => {
  it("chooses by keys, opens by Enter and click, and follows the editor", async () => {
    const page = await lab.open();
    await page.locator(".rows-scroller").focus();
    for (let i = 0; i < 3; i++) {
      await page.keyboard.press("ArrowDown");
      await settle(page);
    }
    expect(await page.locator('.list-row[aria-selected="true"]').getAttribute("data-place")).toBe("2");
    expect(await asked(page, "row.open")).toEqual([]);
    await page.keyboard.press("Enter");
    await page.locator(".list-row[data-place='5']").click();
    await settle(page);
    const opened = await asked(page, "row.open");
    expect(opened).toHaveLength(2);
    expect(opened[0]).toMatchObject({ keepFocus: false });
    expect(opened[1]).toMatchObject({ keepFocus: true });
    const id = makeView().rows.id[200];
    await page.evaluate((row) => window.mock.send("row.active", { row }), id);
    await settle(page);
    expect(await page.locator('.list-row[aria-selected="true"]').getAttribute("aria-label")).toContain(`row ${id + 1} `);
    expect(await page.locator(".detail h2").textContent()).toBe(`Row ${id + 1}`);
    await page.evaluate(() => window.mock.send("row.active", { row: null }));
    await settle(page);
    expect(await page.locator('.list-row[aria-selected="true"]').count()).toBe(0);
    await page.close();
  });

  it("lists what disagrees first, filters by / and lets go by Esc", async () => {
    const page = await lab.open();
    const { rows } = makeView();
    const wrong = (i: number) => (rows.label[i] === 1 ? 1 - rows.probability[i] : rows.probability[i]);
    const worst = Array.from({ length: rows.count }, (_, i) => i).sort((a, b) => wrong(b) - wrong(a) || a - b);
    const labels = await firstRows(page);
    for (const [place, label] of labels.entries()) expect(label).toContain(`row ${rows.id[worst[place]] + 1} `);
    await page.locator(".frame.curve").focus();
    await page.keyboard.press("/");
    await page.keyboard.type("privacy unsafe");
    await settle(page);
    const matching = Array.from({ length: rows.count }, (_, i) => i).filter(
      (i) => rows.label[i] === 1 && rows.categories[rows.category[i]] === "privacy",
    ).length;
    expect(matching).toBeGreaterThan(0);
    // A text in sight may match as well, so at least these and not all.
    expect(await page.locator(".counts").textContent()).toMatch(new RegExp(`^${matching} of 240 rows`));
    await page.keyboard.press("Escape");
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("BODY");
    await page.close();
  });

  it("asks for the texts of rows in sight only, at most 200 at once, and of 100,000 rows draws some dozens", async () => {
    const page = await lab.open({ wish: { rows: 100_000, layers: 5, categories: 3 } });
    await settle(page);
    expect(await page.locator(".list-row").count()).toBeLessThan(60);
    await page.locator(".rows-scroller").evaluate((e) => e.scrollTo(0, 1_300_000));
    await settle(page);
    await settle(page);
    const wants = (await asked(page, "rows.text")) as { rows: number[] }[];
    expect(wants.flatMap((w) => w.rows).length).toBeLessThan(200);
    expect(Math.max(...wants.map((w) => w.rows.length))).toBeLessThanOrEqual(200);
    expect(await page.locator(".list-row .row-text").first().textContent()).not.toBe("…");
    const painted = await page.locator(".map-canvas").evaluate((c: HTMLCanvasElement) => {
      const { data } = c.getContext("2d")!.getImageData(0, 0, c.width, c.height);
      let n = 0;
      for (let i = 3; i < data.length; i += 4) if (data[i] > 0) n++;
      return n / (c.width * c.height);
    });
    expect(painted).toBeGreaterThan(0.2);
    expect(errorsOf(page)).toEqual([]);
    await page.close();
  });

  it("filters by a lasso on the map, in whose place the rows are", async () => {
    const page = await lab.open();
    const map = (await page.locator(".map-canvas").boundingBox())!;
    await page.mouse.move(map.x + 40, map.y + 14);
    await page.mouse.down();
    for (const [x, y] of [
      [map.width * 0.4, 14],
      [map.width * 0.4, map.height - 40],
      [40, map.height - 40],
    ])
      await page.mouse.move(map.x + x, map.y + y, { steps: 5 });
    await page.mouse.up();
    await settle(page);
    const counts = await page.locator(".counts").textContent();
    const inside = Number(counts.match(/^(\d+) of 240/)?.[1]);
    expect(inside).toBeGreaterThan(20);
    expect(inside).toBeLessThan(200);
    await page.locator(".rows-scroller").focus();
    await page.keyboard.press("Escape");
    await settle(page);
    expect(await page.locator(".counts").textContent()).toMatch(/^240 rows/);
    await page.close();
  });
});

describe("while it runs and after", () => {
  it("moves nothing from the preview to the end", async () => {
    for (const width of [1200, 400]) {
      const wish = { rows: 120, layers: 13 };
      const page = await lab.open(
        {
          phase: "running",
          wish: { ...wish, final: false, scored: 0.5 },
          more: { progress: { phase: "running", done: 60, of: 120, unit: "rows", perSecond: 30, secondsLeft: 2 } },
        },
        { width },
      );
      const places = () =>
        page.evaluate(() =>
          Object.fromEntries(
            [...document.querySelectorAll(".section")].map((s) => [
              s.querySelector("h2")!.textContent,
              Math.round(s.querySelector(".frame")!.getBoundingClientRect().top + scrollY),
            ]),
          ),
        );
      const before = await places();
      expect(await page.locator(".badge").textContent()).toBe("preview");
      expect(await page.locator(".progress-text").textContent()).toBe("Running · 60 of 120 rows · 30 rows a second · 2 s left");
      await page.evaluate((w) => window.mock.state(w, "done"), wish);
      await settle(page);
      const after = await places();
      expect(Object.keys(after)).toEqual(Object.keys(before));
      for (const [title, top] of Object.entries(after))
        expect(Math.abs(top - before[title]), `${title} at ${width} px`).toBeLessThanOrEqual(width === 1200 ? 2 : 24);
      expect(await page.locator(".badge").count()).toBe(0);
      await page.close();
    }
  });

  it("keeps layer, row, order, filter and scroll over a reload, and no row's text", async () => {
    const page = await lab.open();
    await page.locator(".frame.curve").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    await page.locator(".list-row[data-place='1']").click();
    await page.locator(".rows-scroller").evaluate((e) => e.scrollTo(0, 520));
    await page.waitForTimeout(350);
    const [saved, text] = await page.evaluate(() => [window.mock.saved, document.querySelector(".row-whole")?.textContent ?? ""]);
    expect(text.length).toBeGreaterThan(10);
    expect(JSON.stringify(saved)).not.toContain(text.slice(0, 20));
    await page.close();
    const again = await lab.open({ saved });
    expect(await chosenLayer(again)).toBe("1");
    expect(await again.locator(".rows-scroller").evaluate((e) => e.scrollTop)).toBe(520);
    expect(await again.locator(".detail h2").textContent()).toMatch(/^Row \d+$/);
    await again.close();
    const broken = await lab.open({ saved: { v: 1, layer: "x", sort: "__proto__", lasso: [{}], tables: 4 } });
    expect(errorsOf(broken)).toEqual([]);
    await broken.close();
  });

  it("says what is wrong and has the button that does the next thing", async () => {
    const problem = { code: "model/not-onnx", message: "model.onnx is a Git LFS pointer.", hint: "Run git lfs pull." };
    const page = await lab.open({ noView: true, phase: "failed", more: { problem } });
    expect(await page.locator(".problem").textContent()).toContain("Git LFS pointer");
    expect(await page.locator(".problem").textContent()).toContain("Run git lfs pull.");
    await page.getByText("Change model").click();
    expect(await asked(page, "model.pick")).toHaveLength(1);
    await page.evaluate(() => window.mock.state(undefined, "empty"));
    await settle(page);
    expect(await page.locator(".sentence").textContent()).toContain("Audit Alignment");
    await page.evaluate(() => window.mock.state(undefined, "running"));
    await settle(page);
    await page.getByText("Cancel").click();
    expect(await asked(page, "run.cancel")).toHaveLength(1);
    await page.evaluate(() => window.mock.state({ final: false }, "cancelled"));
    await settle(page);
    expect(await page.locator(".badge").textContent()).toBe("incomplete");
    await page.getByText("Run again").click();
    expect(await asked(page, "run.again")).toHaveLength(1);
    await page.close();
  });

  it("leads with the probe where there is no index, and says why", async () => {
    const page = await lab.open({ wish: { kind: "concept" } });
    expect(await page.locator(".number-unit").textContent()).toBe("AUROC");
    expect(await page.locator(".reason").textContent()).toBe("No alignment index: the classes are true and false, not safe and unsafe.");
    const cell = page.locator(".frame.matrix g.row").first().locator("rect").first();
    expect(await cell.getAttribute("fill")).toMatch(/^url\(#hatch/);
    expect(await cell.getAttribute("aria-label")).toContain("the classes are not safe and unsafe");
    await page.close();
  });

  it("hatches what is withheld and never draws it as 0", async () => {
    const page = await lab.open();
    const dunn = page.locator(".frame.matrix").first().locator("g.row").nth(5).locator("rect").nth(2);
    expect(await dunn.getAttribute("fill")).toMatch(/^url\(#hatch/);
    expect(await dunn.getAttribute("aria-label")).toBe("Dunn, layer 2: two rows are the same");
    await page.close();
    const preview = await lab.open({ phase: "running", wish: { final: false, scored: 0 } });
    const alpha = await preview
      .locator(".row-strip")
      .first()
      .evaluate((c: HTMLCanvasElement) => Math.max(...c.getContext("2d")!.getImageData(0, 0, c.width, 1).data));
    expect(alpha).toBe(0);
    await preview.close();
  });

  it("exports the pictures as SVG that stands alone, texts only when asked for", async () => {
    const page = await lab.open({ wish: { rows: 60, layers: 9 } });
    await page.locator(".menu summary").click();
    await page.getByText("SVG pictures").click();
    await settle(page);
    const [{ format, withText, svgs }] = (await asked(page, "run.export")) as { format: string; withText: boolean; svgs: Record<string, string> }[];
    expect([format, withText]).toEqual(["svg", false]);
    expect(Object.keys(svgs)).toHaveLength(5);
    for (const svg of Object.values(svgs)) {
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
      expect(svg).not.toMatch(/var\(--|class="row-text|href=/);
    }
    const text = await page.locator(".row-text").first().textContent();
    expect(JSON.stringify(svgs)).not.toContain(text.slice(0, 25));
    await page.locator(".menu summary").click();
    await page.getByText("Include row texts").click();
    await page.getByText("CSV rows").click();
    expect((await asked(page, "run.export"))[1]).toEqual({ format: "csv", withText: true });
    expect(await page.evaluate(() => window.mock.refused)).toEqual([]);
    await page.close();
  });
});

describe("against strangers", () => {
  it("shows hostile text as text and keeps within the policy", async () => {
    const evil = '<img src=x onerror="window.hacked=1"></script><script>window.hacked=1</script>';
    const texts = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [i, evil]));
    const page = await lab.open({ wish: { categoryNames: ["__proto__", "constructor", evil] }, texts });
    await page.locator(".list-row").first().click();
    await page.mouse.move(300, 500);
    await page.locator(".list-row").nth(2).hover();
    for (const button of await page.getByText("Table", { exact: true }).all()) await button.click();
    await settle(page);
    expect(await page.evaluate(() => (window as unknown as { hacked?: number }).hacked)).toBeUndefined();
    expect(await page.locator("#app img").count()).toBe(0);
    expect(await page.locator(".row-whole").textContent()).toBe(evil);
    expect(errorsOf(page)).toEqual([]);
    // The toolkit's base (FAST) tries one style element when it starts and goes on without it; nothing of ours breaks the policy.
    const violations = await page.evaluate(() => window.mock.violations);
    expect(violations.filter((v) => !v.startsWith("style-src-elem inline"))).toEqual([]);
    expect(violations.length).toBeLessThanOrEqual(1);
    await page.close();
  });

  it("refuses messages that are none", async () => {
    const page = await lab.open();
    await page.evaluate(() => {
      for (const message of [
        null,
        3,
        "x",
        {},
        { v: 1, kind: "event", name: "constructor", body: 1 },
        { v: 9, kind: "event", name: "panel.state", body: {} },
        { v: 1, kind: "answer", id: 99, result: 1 },
      ])
        window.postMessage(message, "*");
    });
    await settle(page);
    expect(errorsOf(page)).toEqual([]);
    expect(await page.locator(".section").count()).toBe(5);
    await page.close();
  });

  it("stays still when asked to", async () => {
    const moves = async (still: boolean) => {
      const page = await lab.open({}, { still });
      const picture = () => page.locator(".map-canvas").evaluate((c: HTMLCanvasElement) => c.toDataURL());
      await page.locator(".frame.curve").focus();
      await page.keyboard.press("Home");
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))));
      const soon = await picture();
      await page.waitForTimeout(600);
      const late = await picture();
      await page.close();
      return soon !== late;
    };
    expect(await moves(true)).toBe(false);
    expect(await moves(false)).toBe(true);
  });
});
