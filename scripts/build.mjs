// Bundles the three Node programs into dist/. A file is written only when its bytes change: every ready plan names the
// compiler's bundle as a fact, so touching it would make all of them stale.
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const programs = {
  "dist/cofferdam.js": "src/cli/main.ts",
  "dist/mediator.js": "src/mediate/main.ts",
  "dist/collector.js": "src/events/collector-main.ts",
  "dist/demo.js": "demo/demo.ts",
};

/** CommonJS packages inside an ES module bundle still call `require` for Node's own modules. */
const banner =
  'import { createRequire as cofferdamRequire } from "node:module"; const require = cofferdamRequire(import.meta.url);';

async function bundle(outfile, entry) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    external: ["koffi"],
    banner: { js: banner },
    write: false,
    logLevel: "warning",
  });
  return outputFiles[0].text;
}

/** Whole or not at all: a program that starts meanwhile reads the old bundle or the new one. */
function replace(path, text) {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return false;
  mkdirSync(dirname(path), { recursive: true });
  const scratch = `${path}.${process.pid}`;
  writeFileSync(scratch, text);
  renameSync(scratch, path);
  return true;
}

/** The commands of ESXi: the front, called by their names. */
function linkDialect() {
  const folder = join(root, "bin", "esxi");
  mkdirSync(folder, { recursive: true });
  for (const name of ["secpolicytools", "esxcli", "esxcfg-advcfg", "ps"]) {
    const link = join(folder, name);
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync("../cofferdam", link);
  }
}

for (const [outfile, entry] of Object.entries(programs)) {
  const written = replace(join(root, outfile), await bundle(outfile, entry));
  if (written) console.log(`built ${outfile}`);
}
linkDialect();
