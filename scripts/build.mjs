// Bundles the Node programs into dist/, and into shell/ those for the sandboxed shell. Writes a
// file only if its bytes change: the compiler's bundle is a fact of every ready plan, so writing it
// would make all of them stale.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** As in native/build.sh: this node, or that of the host for which the build is. */
const node = process.env.NODE_PATH_ABS ?? process.execPath;

const programs = {
  "dist/cofferdam.js": "src/cli/main.ts",
  "dist/mediator.js": "src/mediate/main.ts",
  "dist/collector.js": "src/events/collector-main.ts",
  "dist/kernel-collector.js": "src/agent/kernel-collector/main.ts",
  "dist/demo.js": "demo/demo.ts",
  "shell/view.mjs": "src/cli/inside.ts",
};

/** CommonJS packages inside an ES module bundle still call `require` for Node's modules. */
const banner = [
  'import { createRequire as cofferdamRequire } from "node:module";',
  "const require = cofferdamRequire(import.meta.url);",
].join(" ");

/** This program is started directly, not through the native front. */
function isInside(outfile) {
  return outfile.startsWith("shell/");
}

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
    banner: { js: isInside(outfile) ? `#!${node}\n${banner}` : banner },
    write: false,
    logLevel: "warning",
  });
  return outputFiles[0].text;
}

/** Atomic: a program that starts meanwhile reads the old bundle or the new one. */
function replace(path, text, mode) {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return false;
  mkdirSync(dirname(path), { recursive: true });
  const scratch = `${path}.${process.pid}`;
  writeFileSync(scratch, text, { mode });
  renameSync(scratch, path);
  return true;
}

function link(folder, target, names) {
  mkdirSync(join(root, folder), { recursive: true });
  for (const name of names) {
    const path = join(root, folder, name);
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there?.isSymbolicLink() && readlinkSync(path) === target) continue;
    rmSync(path, { force: true });
    symlinkSync(target, path);
  }
}

for (const [outfile, entry] of Object.entries(programs)) {
  const written = replace(
    join(root, outfile),
    await bundle(outfile, entry),
    isInside(outfile) ? 0o755 : 0o644,
  );
  if (written) console.log(`built ${outfile}`);
}
// The commands of ESXi: links to the front, and inside the sandboxed shell the useful ones.
link("bin/esxi", "../cofferdam", [
  "secpolicytools",
  "esxcli",
  "esxcfg-advcfg",
  "ps",
  "esxtop",
  "support-util",
]);
link("shell", "view.mjs", ["cofferdam", "esxtop", "support-util"]);
