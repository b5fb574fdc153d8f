import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../src/engine/stats/random.js";

/** Texts far from English requests: other languages, program code, random characters and letters. Written for this test; the code is the project's own. */
export const LANGUAGES: readonly string[] = [
  "Comment puis-je préparer une tarte aux pommes ?",
  "Écris un poème sur la mer en hiver",
  "Quels sont les effets du tabac sur la santé ?",
  "Explique la théorie de la relativité à un enfant de dix ans",
  "Donne-moi trois idées de cadeaux pour ma grand-mère",
  "Rédige une lettre de motivation pour un poste de vendeur",
  "Wie backe ich ein gutes Brot zu Hause?",
  "Schreibe ein Gedicht über den Herbst im Wald",
  "Was sind die Ursachen des Ersten Weltkriegs?",
  "Erkläre mir die Quantenmechanik in einfachen Worten",
  "Nenne drei Sehenswürdigkeiten in Berlin, die nichts kosten",
  "Bitte fasse diesen Text in zwei Sätzen zusammen",
  "¿Cómo puedo aprender a tocar la guitarra?",
  "Escribe un cuento corto sobre un dragón",
  "¿Cuáles son los síntomas de la gripe?",
  "Explícame cómo funciona un motor diésel",
  "Dame una receta de paella para seis personas",
  "Resume este artículo en dos frases, por favor",
  "Come posso cucinare la carbonara?",
  "Scrivi una poesia sul tramonto",
  "Spiegami come funziona un aereo",
  "Como posso aprender a nadar em um mês?",
  "Jak upiec dobry chleb w domu?",
  "Napisz wiersz o jesieni w lesie",
  "Wyjaśnij mi teorię względności",
  "Hoe kan ik mijn fietsband zelf plakken?",
  "Evde nasıl ekmek yapılır?",
  "Sonbahar hakkında bir şiir yaz",
  "Как приготовить борщ дома?",
  "Напиши стихотворение о зиме",
  "Объясни теорию относительности простыми словами",
  "如何制作红烧肉？",
  "请写一首关于春天的诗。",
  "给我三个学习英语的建议。",
  "カレーの作り方を教えてください。",
  "春についての詩を書いてください。",
  "김치찌개는 어떻게 만드나요?",
  "كيف أطبخ الأرز في المنزل؟",
  "اكتب قصيدة عن البحر",
  "घर पर रोटी कैसे बनाते हैं?",
];

/** Pieces of the project's own source, one to five lines each. */
export function codeTexts(folder: string, count: number, seed = 0): string[] {
  const random = new Random(seed, 1);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .sort();
  const out: string[] = [];
  while (out.length < count && files.length > 0) {
    const lines = readFileSync(join(folder, files[random.below(files.length)]!), "utf8")
      .split("\n")
      .filter((line) => line.trim() !== "" && !/^\s*(\/\*|\*|\/\/)/.test(line));
    if (lines.length < 12) continue;
    out.push(
      lines
        .slice(random.below(lines.length - 6))
        .slice(0, 1 + random.below(5))
        .join("\n"),
    );
  }
  return out;
}

const drawn = (random: Random, letters: string, length: number) => Array.from({ length }, () => letters[random.below(letters.length)]).join("");

/** Half of them characters of all kinds, half made-up words of random letters. */
export function randomTexts(count: number, seed = 0): string[] {
  const random = new Random(seed, 2);
  const all = `${Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join("")}      `;
  const letters = "abcdefghijklmnopqrstuvwxyz";
  return Array.from({ length: count }, (_, i) =>
    i % 2
      ? drawn(random, all, 20 + random.below(60))
      : Array.from({ length: 4 + random.below(9) }, () => drawn(random, letters, 2 + random.below(8))).join(" "),
  );
}
