import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lenses } from "../src/engine/lenses/index.js";

const PAGES = join(import.meta.dirname, "..", "docs", "lenses");
const HEADINGS = ["How to read it", "How it is calculated", "What would fool it", "Sources"];

describe("the pages of the lenses", () => {
  it.each(lenses.map((lens) => [lens.id, lens] as const))("%s has a page that says what a user needs, and stands in the list", (id, lens) => {
    const page = readFileSync(join(PAGES, `${id}.md`), "utf8");
    expect(page).toContain("**What it asks.**");
    for (const heading of HEADINGS) expect(page, heading).toMatch(new RegExp(`^## ${heading}`, "m"));
    expect(page).not.toContain("TODO");
    expect(readFileSync(join(PAGES, "index.md"), "utf8")).toContain(`(${id}.md)`);
    // Sources in the code and on the page agree on their arXiv numbers.
    for (const [number] of lens.cite.matchAll(/\d{4}\.\d{5}/g)) expect(page).toContain(number);
  });

  it("links lead somewhere", () => {
    const index = readFileSync(join(PAGES, "index.md"), "utf8");
    for (const [, target] of index.matchAll(/\]\(([a-z-]+\.md)\)/g)) expect(existsSync(join(PAGES, target!)), target).toBe(true);
  });
});

describe("the page on performance", () => {
  const docs = join(import.meta.dirname, "..", "docs");
  const page = readFileSync(join(docs, "performance.md"), "utf8");

  it("names benchmarks that there are, among them all that must be", () => {
    const names = [...page.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name]) => name!);
    for (const name of ["extract", "prompt", "stats", "scale", "panel", "remote"]) expect(names).toContain(name);
    for (const name of names)
      expect(
        ["ts", "mjs"].some((type) => existsSync(join(import.meta.dirname, "bench", `${name}.${type}`))),
        name,
      ).toBe(true);
  });

  it("links lead somewhere", () => {
    for (const [, target] of page.matchAll(/\]\(([^)#]+)\)/g)) expect(existsSync(join(docs, target!)), target).toBe(true);
  });
});
