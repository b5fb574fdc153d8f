import type { Page } from "playwright-core";

/** Of each frame: milliseconds since the one before, and those that the panel's own drawing took of it. */
export interface Frames {
  readonly interval: number[];
  readonly work: number[];
}
interface Watch {
  raf(callback: FrameRequestCallback): number;
  work: number;
  tasks: { start: number; ms: number }[];
}
type Watched = Window & { watch: Watch };

/** Must run before the page's own scripts: counts what its frames and its long tasks take. */
export const WATCH = `(() => {
  const raf = window.requestAnimationFrame.bind(window);
  const watch = { raf, work: 0, tasks: [] };
  window.watch = watch;
  window.requestAnimationFrame = (callback) => raf((time) => {
    const began = performance.now();
    callback(time);
    watch.work += performance.now() - began;
  });
  new PerformanceObserver((list) => { for (const { startTime, duration } of list.getEntries()) watch.tasks.push({ start: startTime, ms: duration }); })
    .observe({ type: "longtask", buffered: true });
})()`;

/** What the pointer does in each frame of a measurement. */
export type Move = "pan" | "zoom" | "hover" | "still";

/** Pans (Shift and a drag), zooms in and out (Ctrl and the wheel) or hovers over the map for so many frames. */
export function mapFrames(page: Page, move: Move, frames: number): Promise<Frames> {
  return page.evaluate(
    ([what, many]) =>
      new Promise<{ interval: number[]; work: number[] }>((done) => {
        const { watch } = window as unknown as Watched;
        const canvas = document.querySelector<HTMLCanvasElement>(".map-canvas")!;
        const box = canvas.getBoundingClientRect();
        const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
        const at = (n: number) => ({ clientX: x + 80 * Math.sin(n / 20), clientY: y + 50 * Math.cos(n / 20), bubbles: true, cancelable: true, view: window });
        const drag = what === "pan";
        if (drag) canvas.dispatchEvent(new MouseEvent("mousedown", { ...at(0), shiftKey: true, button: 0 }));
        const interval: number[] = [];
        const work: number[] = [];
        let last = 0;
        let n = 0;
        const step = (time: number) => {
          if (last > 0) {
            interval.push(time - last);
            work.push(watch.work);
          }
          last = time;
          watch.work = 0;
          n++;
          if (n > (many as number)) {
            if (drag) window.dispatchEvent(new MouseEvent("mouseup", at(n)));
            done({ interval, work });
            return;
          }
          if (drag) window.dispatchEvent(new MouseEvent("mousemove", at(n)));
          else if (what === "zoom") canvas.dispatchEvent(new WheelEvent("wheel", { ...at(n), ctrlKey: true, deltaY: Math.floor(n / 30) % 2 ? 6 : -6 }));
          else if (what === "hover") canvas.dispatchEvent(new PointerEvent("pointermove", at(n)));
          watch.raf(step);
        };
        watch.raf(step);
      }),
    [move, frames] as const,
  );
}

/** Milliseconds from `act` until `reached` holds in the page, looked at in every frame. Both are functions of the page's own. */
export function untilDrawn(page: Page, act: string, reached: string): Promise<number> {
  return page.evaluate(`new Promise((done, fail) => {
    const reached = ${reached};
    const began = performance.now();
    (${act})();
    const look = () => {
      if (reached()) done(performance.now() - began);
      else if (performance.now() - began > 20000) fail(new Error("waited in vain"));
      else window.watch.raf(look);
    };
    look();
  })`);
}

/** The longest task since `start` (performance.now() of the page), ms; tasks below 50 ms count as 0. */
export const longestTask = (page: Page, start: number): Promise<number> =>
  page.evaluate((from) => Math.max(0, ...(window as unknown as Watched).watch.tasks.filter((task) => task.start >= from).map((task) => task.ms)), start);

export const pageNow = (page: Page): Promise<number> => page.evaluate(() => performance.now());
