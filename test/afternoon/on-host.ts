import { join } from "node:path";
import { build } from "esbuild";
import { keepFolders } from "../vm/bundle.ts";

const programs = ["width-of", "attack-programs"] as const;

/** Files of this folder that run on the booted host, each as one file of the clone. */
export type Programs = Readonly<Record<(typeof programs)[number], string>>;

/** In the clone: the booted host has it under the same name, and node_modules are found there. */
const folder = join(import.meta.dirname, "../../build/afternoon");

/** Packages that are no modules of their own ask for Node's by it. */
const REQUIRE =
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

export async function bundlePrograms(): Promise<Programs> {
  await build({
    entryPoints: programs.map((name) => join(import.meta.dirname, `${name}.ts`)),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    ...{ bundle: true, platform: "node", target: "node20", format: "esm" },
    external: ["koffi"],
    banner: { js: REQUIRE },
    plugins: [keepFolders],
    logLevel: "warning",
  });
  const [width, attacks] = programs.map((name) => join(folder, `${name}.mjs`));
  return { "width-of": width ?? "", "attack-programs": attacks ?? "" };
}
