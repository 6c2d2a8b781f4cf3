import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

/** The clone's folder, absolute. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Made by set-up or by tools, not written by anybody. */
const notOurs = new Set(["node_modules", "dist", "bin", "build", ".git", "coverage"]);

function walk(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : walk(path);
    return entry.isFile() ? [path] : [];
  });
}

/** Every file of the project, relative to the clone, sorted. */
export const files: readonly string[] = walk(".").sort();

/** Files whose name ends in one of `endings`, below one of `folders` (default: anywhere). */
export function filesLike(
  endings: readonly string[],
  folders: readonly string[] = [""],
): readonly string[] {
  return files.filter(
    (file) =>
      endings.some((ending) => file.endsWith(ending)) &&
      folders.some((folder) => file.startsWith(folder)),
  );
}

export function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

const statement = /^import\s+(?:[^;"']*?\sfrom\s+)?["']([^"']+)["']/;
const reexport = /^export\s+(?:type\s+)?(?:\*|\{)[^;"']*?\sfrom\s+["']([^"']+)["']/;
const call = /\bimport\(\s*["']([^"']+)["']\s*\)/;
const importPattern = new RegExp(`${statement.source}|${reexport.source}|${call.source}`, "gm");

/**
 * What a source file imports: paths relative to the clone for its own modules, names for packages.
 */
export function importsOf(file: string, text: string = read(file)): readonly string[] {
  return [...text.matchAll(importPattern)]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? "")
    .map((name) => (name.startsWith(".") ? posix.join(posix.dirname(file), name) : name));
}

/** Lines that match, as `file:line: text`. */
export function linesMatching(file: string, pattern: RegExp): readonly string[] {
  return read(file)
    .split("\n")
    .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
}
