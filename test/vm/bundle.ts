import * as fs from "node:fs";
import * as path from "node:path";
import { build, type Plugin } from "esbuild";

const shim = path.join(import.meta.dirname, "guest/vitest.ts");

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
export async function bundleTests(source: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `${source}\nimport { runTests } from ${JSON.stringify(shim)};\nawait runTests();\n`,
      resolveDir: import.meta.dirname,
      loader: "ts",
    },
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "esm",
    external: ["koffi"],
    banner: { js: banner },
    alias: { vitest: shim },
    plugins: [keepFolders],
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
