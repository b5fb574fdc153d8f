import { describe, expect, it } from "vitest";
import { nearDuplicateGroups } from "../../../src/engine/stats/minhash.js";
import { Random } from "../../../src/engine/stats/random.js";

const groups = (...texts: string[]) => Array.from(nearDuplicateGroups(texts, 0));

describe("near-duplicates", () => {
  it("joins texts that differ in case, spaces, signs or one word of many", () => {
    const long = "please tell me in a few plain words how a loaf of bread is baked at home";
    expect(groups(long, `${long.toUpperCase()}!`, long.replace("plain", "simple"), "how are kites flown")).toEqual([0, 0, 0, 1]);
  });

  it("leaves apart short texts and templates that differ in what they ask", () => {
    expect(groups("kill a process", "kill a person", "kill a program")).toEqual([0, 1, 2]);
    expect(groups("the city of Lyon is in France", "the city of Lima is in Peru", "the city of Oslo is in Norway")).toEqual([0, 1, 2]);
  });

  it("sees through languages without spaces", () => {
    const text = "请用简单的话告诉我怎样在家里烤出一条外皮酥脆的面包谢谢你";
    expect(groups(text, text.replace("简单", "容易"), "请告诉我世界上最高的山叫什么名字")).toEqual([0, 0, 1]);
    const thai = "กรุณาบอกวิธีทำขนมปังที่บ้านให้ฉันด้วยคำง่ายๆและบอกเวลาที่ต้องใช้ในการอบด้วย";
    expect(groups(thai, `${thai}ครับ`, "ภูเขาที่สูงที่สุดในโลกชื่ออะไร")).toEqual([0, 0, 1]);
  });

  it("finds at least 95 of 100 copies with one word in twenty changed, and joins no two of 300 random texts", () => {
    const random = new Random(4);
    const text = () => Array.from({ length: 20 }, () => `w${random.below(500)}`);
    let found = 0;
    for (let k = 0; k < 100; k++) {
      const words = text();
      const at = random.below(20);
      const changed = words.map((word, i) => (i === at ? "other" : word));
      const [a, b] = nearDuplicateGroups([words.join(" "), changed.join(" ")], k);
      if (a === b) found++;
    }
    expect(found).toBeGreaterThanOrEqual(95);
    const texts = Array.from({ length: 300 }, () => text().join(" "));
    expect(new Set(nearDuplicateGroups(texts, 1)).size).toBe(300);
  });
});
