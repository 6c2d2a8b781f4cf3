// Writes every generated file. Runs all scripts/generate/*.ts, each of which exports
// generate(): { path, text }[].
//   node scripts/generate.mjs [--check] [NAME]...   e.g. manual: only these, in this order
// With --check it writes nothing and exits with status 1 if a file would change.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { besideItsSource } from "./lib/beside-its-source.mjs";
import { wrapMarkdown } from "./lib/wrap-markdown.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const check = process.argv.includes("--check");
// Below node_modules, where bundles find the packages that stay outside them.
mkdirSync(join(root, "node_modules"), { recursive: true });
const scratch = mkdtempSync(join(root, "node_modules", ".generate-"));
let stale = 0;

try {
  for (const script of scripts()) {
    const outfile = join(scratch, `${basename(script, ".ts")}.mjs`);
    await build({
      entryPoints: [join(root, "scripts", "generate", script)],
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      packages: "external",
      // A bundled script still finds files beside its source.
      define: {
        "import.meta.url": JSON.stringify(
          pathToFileURL(join(root, "scripts", "generate", script)).href,
        ),
      },
      plugins: [besideItsSource],
      logLevel: "error",
    });
    const { generate } = await import(pathToFileURL(outfile).href);
    if (typeof generate !== "function")
      throw new Error(`scripts/generate/${script} exports no generate()`);
    for (const { path, text } of await generate()) stale += put(script, path, text);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
process.exitCode = check && stale > 0 ? 1 : 0;

function scripts() {
  const named = process.argv.slice(2).filter((word) => word !== "--check");
  if (named.length > 0) return named.map((name) => `${name}.ts`);
  const all = readdirSync(join(root, "scripts", "generate")).filter((name) => name.endsWith(".ts"));
  // The pages of the manual contain the version, so it comes first.
  return ["version.ts", ...all.filter((name) => name !== "version.ts").sort()];
}

function put(script, path, made) {
  const text = path.endsWith(".md") ? wrapMarkdown(made) : made;
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file, "utf8") === text) return 0;
  if (check)
    console.error(`${path} is not what scripts/generate/${script} makes: run npm run generate`);
  else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`${path} written`);
  }
  return 1;
}
