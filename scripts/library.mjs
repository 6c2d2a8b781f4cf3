// Bundles test/library/main.ts and runs it: npm run library -- --help
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { besideItsSource } from "./lib/beside-its-source.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outfile = join(root, "build", "library.mjs");

await build({
  entryPoints: [join(root, "test", "library", "main.ts")],
  outfile,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  packages: "external",
  plugins: [besideItsSource],
  logLevel: "warning",
});
await import(pathToFileURL(outfile).href);
