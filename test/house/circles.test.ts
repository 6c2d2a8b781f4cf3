import { expect, test } from "vitest";
import { filesLike, importsOf } from "./tree.ts";

type Graph = ReadonlyMap<string, readonly string[]>;

/** Who imports whom, types and re-exports included: a reader follows them as well. */
const sources: Graph = new Map(
  filesLike([".ts"], ["src/"]).map((file) => [
    file,
    importsOf(file).filter((target) => target.startsWith("src/")),
  ]),
);

/**
 * Groups of files that import each other, directly or by way of others: what is left when files
 * that import nothing left, or that nothing left imports, are taken away.
 */
function inCircles(graph: Graph): readonly string[] {
  const left = new Map([...graph].map(([file, targets]) => [file, new Set(targets)]));
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    const imported = new Set([...left.values()].flatMap((targets) => [...targets]));
    for (const [file, targets] of left) {
      const importsNone = ![...targets].some((target) => left.has(target));
      if (importsNone || !imported.has(file)) left.delete(file);
    }
  }
  return [...left.keys()].sort();
}

test("no source file imports, by whatever way, one that imports it; types count", () => {
  expect(inCircles(sources)).toEqual([]);
});

test.each([
  ["domain", "loop"],
  ["target", "calls"],
])("in the mediator, %s/ imports nothing of %s/", (below, above) => {
  const upwards = [...sources].flatMap(([file, targets]) =>
    file.startsWith(`src/mediate/${below}/`)
      ? targets.filter((target) => target.startsWith(`src/mediate/${above}/`))
      : [],
  );
  expect(upwards).toEqual([]);
});

test("a circle of types would be found", () => {
  const importing = (file: string, text: string) => [file, importsOf(file, text)] as const;
  const graph = new Map([
    importing("src/a.ts", 'import type { B } from "./b.ts";\n'),
    importing("src/b.ts", 'export type { C } from "./c.ts";\n'),
    importing("src/c.ts", 'import { type A, x } from "./a.ts";\nimport "./d.ts";\n'),
    importing("src/d.ts", ""),
    importing("src/e.ts", 'import "./a.ts";\n'),
  ]);
  expect(inCircles(graph)).toEqual(["src/a.ts", "src/b.ts", "src/c.ts"]);
});
