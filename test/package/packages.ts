import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { VERSION } from "../../src/cli/version.ts";

export const clone = join(import.meta.dirname, "..", "..");

/** Where a `ScratchRoot` or a virtual machine has the folder of packages. */
export const FOLDER_IN_ROOT = "/srv/packages";

/** A build of a lower version, of the same sources. */
export const LOWER = "0.0.9";

/** For a build beside other work, milliseconds. */
export const BUILD_MS = 900_000;

export interface Packages {
  readonly folder: string;
  /** The file of a package below `folder`. */
  of(version: string, name?: string): string;
  /** The same file as a `ScratchRoot` has it. */
  inRoot(version: string, name?: string): string;
}

/**
 * What lies beside it was made of other sources. No test uses a folder that is older than an hour.
 */
const unlessThere = `
[ ! -e "$0" ] || exit 0
mkdir -p "\${0%/*}"
find "\${0%/*}" -mindepth 1 -maxdepth 1 -mmin +60 -exec rm -rf {} +
node "$1" --out "$0.new" --as "$2" --as "$3"
mv "$0.new" "$0"`;

/**
 * Both versions, built as `npm run package` does, once for the clone as it is: if two test files
 * want them at once, one waits for the other. `matters`: which files count for "as it is".
 */
export function sharedPackages(matters: (file: string) => boolean = () => true): Packages {
  const folder = join(clone, "build", "packages", digestOfSources(matters));
  const script = join(clone, "scripts/package.mjs");
  execFileSync("flock", [script, "sh", "-euc", unlessThere, folder, script, LOWER, VERSION], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return packagesIn(folder);
}

/** Built once more, by a process with another environment and umask. */
export function buildAgain(folder: string): Packages {
  const command = ["node", join(clone, "scripts/package.mjs"), "--out", folder];
  execFileSync("sh", ["-euc", 'umask "$1"; shift; exec "$@"', "sh", "077", ...command], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, TZ: "Asia/Tokyo", LC_ALL: "C.UTF-8" },
  });
  return packagesIn(folder);
}

function packagesIn(folder: string): Packages {
  const base = (version: string, name = "cofferdam"): string =>
    `${name}_${version}_${name === "cofferdam" ? "amd64" : "all"}.deb`;
  return {
    folder,
    of: (...described) => join(folder, base(...described)),
    inRoot: (...described) => join(FOLDER_IN_ROOT, base(...described)),
  };
}

/** Of what git tracks, tests left out, as it lies there, and of the commit's time. */
function digestOfSources(matters: (file: string) => boolean): string {
  const git = (...words: readonly string[]): string =>
    execFileSync("git", ["-C", clone, ...words], { encoding: "utf8" });
  const digest = createHash("sha256").update(git("log", "-1", "--format=%ct"));
  const names = git("ls-files", "-z").split("\0");
  const counts = (one: string) => one !== "" && !one.startsWith("test/") && matters(one);
  for (const name of names.filter(counts))
    digest.update(`${name}\0`).update(readFileSync(join(clone, name)));
  return digest.digest("hex");
}
