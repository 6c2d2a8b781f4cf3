import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

const tests = path.resolve(import.meta.dirname, "..");
/**
 * Where compiled programs are kept, in folders named after the source's. May be removed when no
 * test runs.
 */
export const programsFolder = path.resolve(tests, "../build/programs");

/** If two test files want the same program at once, the second one waits for the first. */
const unlessThere = '[ -e "$0" ] || { gcc -o "$0.new" "$@" && mv "$0.new" "$0"; }';

/**
 * Compiles C into `target`, once per clone. The program is kept under the digest of the sources, of
 * the headers that they include by name in quotes, and of the options.
 * @param options without `-o`
 * @param libraries go after the sources, as the linker requires
 * @throws Error if the compiler fails; its messages go to standard error
 */
export function compileC(
  target: string,
  sources: string | readonly string[],
  options: readonly string[],
  libraries: readonly string[] = [],
): void {
  const files = [sources].flat();
  const args = [...options, ...files, ...libraries];
  const built = keptUnder(files, args);
  if (!fs.existsSync(built)) {
    fs.mkdirSync(path.dirname(built), { recursive: true });
    execFileSync("flock", [files[0] as string, "sh", "-c", unlessThere, built, ...args]);
  }
  fs.copyFileSync(built, target);
}

function keptUnder(files: readonly string[], args: readonly string[]): string {
  const includes = args.filter((arg) => arg.startsWith("-I")).map((arg) => arg.slice(2));
  const texts = new Map<string, string>();
  for (const file of files) readWithHeaders(file, includes, texts);
  // Folders made for one run differ in name at the next, so they are left out of the digest.
  const words = args
    .filter((arg) => !arg.startsWith("-I"))
    .map((arg) => (path.isAbsolute(arg) ? path.relative(tests, arg) : arg));
  const digest = createHash("sha256").update(JSON.stringify([words, [...texts.values()]]));
  const [first = ""] = files;
  const folder = path.relative(tests, path.dirname(first)).replaceAll("..", "up");
  return path.join(
    programsFolder,
    folder,
    `${path.basename(first, ".c")}-${digest.digest("hex").slice(0, 16)}`,
  );
}

function readWithHeaders(
  file: string,
  includes: readonly string[],
  texts: Map<string, string>,
): void {
  if (texts.has(file)) return;
  const text = fs.readFileSync(file, "utf8");
  texts.set(file, text);
  for (const [, name = ""] of text.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)) {
    const places = [path.dirname(file), ...includes].map((folder) => path.join(folder, name));
    const found = places.find((place) => fs.existsSync(place));
    if (found !== undefined) readWithHeaders(found, includes, texts);
  }
}
