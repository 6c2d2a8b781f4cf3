import * as fs from "node:fs";
import * as path from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { clone } from "./kernel.ts";

/** Also where this is bundled itself. */
const folder = path.join(clone, "test/vm");
const shim = path.join(folder, "guest/vitest.ts");

/** CommonJS packages inside an ES module bundle still call `require` for Node's modules. */
const banner =
  'import { createRequire as bundleRequire } from "node:module";' +
  "const require = bundleRequire(import.meta.url);";

export interface TestOutcome {
  readonly title: string;
  readonly state: "passed" | "failed" | "skipped";
  readonly why: string;
}

/**
 * In a bundle every module still knows the folder that it was written in: the machine has the clone
 * under the same path.
 */
export const keepFolders: Plugin = {
  name: "keep-folders",
  setup({ onLoad }) {
    onLoad({ filter: /\/test\/.*\.ts$/ }, ({ path: file }) => ({
      contents: fs
        .readFileSync(file, "utf8")
        .replaceAll("import.meta.dirname", JSON.stringify(path.dirname(file))),
      loader: "ts",
    }));
  },
};

/**
 * One program out of a piece of TypeScript that describes tests (its imports relative to this
 * folder), for node in the machine.
 */
export function bundleTests(source: string): Promise<string> {
  const run = `import { runTests } from ${JSON.stringify(shim)};\nawait runTests();\n`;
  return bundleProgram(`${source}\n${run}`, folder, {
    alias: { vitest: shim },
    plugins: [keepFolders],
  });
}

/** The same of any program, its imports relative to `resolveDir`. */
export async function bundleProgram(
  contents: string,
  resolveDir: string,
  more: BuildOptions = {},
): Promise<string> {
  const { outputFiles } = await build({
    ...more,
    stdin: { contents, resolveDir, loader: "ts" },
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "esm",
    external: ["koffi"],
    banner: { js: banner },
    logLevel: "warning",
  });
  const [bundle] = outputFiles;
  if (bundle === undefined) throw new Error("esbuild made no bundle");
  return bundle.text;
}

/** What a bundle's tests came to, from what it printed. */
export function testOutcomes(output: string): readonly TestOutcome[] {
  return output
    .split("\n")
    .filter((line) => line.startsWith('{"title":'))
    .map((line) => JSON.parse(line) as TestOutcome);
}
