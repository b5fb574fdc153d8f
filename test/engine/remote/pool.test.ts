import { describe, expect, it } from "vitest";
import { addressOf } from "../../../src/engine/remote/address.js";
import { POOL, Pool, type PoolOptions } from "../../../src/engine/remote/pool.js";
import { Passing, Server } from "../../../src/engine/remote/server.js";
import { problemOf } from "../../../src/protocol/index.js";

const QUICK: PoolOptions = { ...POOL, inFlight: 1, patienceMs: 200, pauseMs: 20, longestMs: 60_000, random: () => 1 };
const dead = () => Promise.reject(new Passing("the connection is refused"));

function poolOf(options: Partial<PoolOptions>, look: () => Promise<void>): Pool {
  return new Pool([new Server(addressOf("http://127.0.0.1:1/v2/models/m"), 1, { connectMs: 100, answerMs: 100 })], { ...QUICK, ...options }, look, () => {});
}

describe("A pool whose only server is set aside", () => {
  it("loses patience with the requests that came after, too", async () => {
    const pool = poolOf({}, dead);
    const first = pool.run(dead).catch(problemOf);
    // Has failed nowhere itself: it finds nobody to ask.
    await new Promise((go) => setTimeout(go, 10));
    expect(pool.members[0]!.asideUntil).toBeGreaterThan(0);
    const second = pool.run(dead).catch(problemOf);
    expect(await first).toMatchObject({ code: "remote/lost" });
    expect(await second).toMatchObject({ code: "remote/lost" });
    pool.close();
  });

  it("gives them to the server that comes back before", async () => {
    const pool = poolOf({ patienceMs: 10_000 }, () => Promise.resolve());
    let asked = 0;
    const task = async () => (asked++ === 0 ? dead() : "here");
    const both = await Promise.all([pool.run(task), pool.run(task)]);
    expect(both.map(({ value }) => value)).toEqual(["here", "here"]);
    pool.close();
  });

  it("waits without end for nobody who is only busy", async () => {
    const pool = poolOf({ patienceMs: 50 }, dead);
    const slow = pool.run(() => new Promise((go) => setTimeout(() => go("slow"), 1_300)));
    const next = pool.run(async () => "next");
    expect((await slow).value).toBe("slow");
    expect((await next).value).toBe("next");
    pool.close();
  });
});
