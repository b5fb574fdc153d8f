import type { Page } from "playwright-core";

/** What the panel asked of its host by this method, in order. */
export const asked = (page: Page, method: string) =>
  page.evaluate((wanted) => window.mock.asked.filter((a) => a.method === wanted).map((a) => a.params), method);
export const chosenLayer = (page: Page) => page.locator(".frame.curve").getAttribute("aria-valuenow");
export const overflow = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
/** What a screen reader hears of the first rows. */
export const firstRows = (page: Page, n = 3) =>
  page.evaluate(
    (many) =>
      [...document.querySelectorAll<HTMLElement>(".list-row")]
        .sort((a, b) => Number(a.dataset["place"]) - Number(b.dataset["place"]))
        .slice(0, many)
        .map((r) => r.textContent ?? ""),
    n,
  );
