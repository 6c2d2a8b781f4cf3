import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const clone = join(import.meta.dirname, "..", "..");

/** A build of a lower version, of the same sources. */
export const LOWER = "0.0.9";

export interface Packages {
  readonly folder: string;
  /** The file of a package below `folder`. */
  of(version: string, name?: string): string;
  remove(): void;
}

/**
 * Built as `npm run package` does, for each version, by a process that has this environment and
 * umask beside its own.
 */
export function buildPackages(
  versions: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  umask = "022",
): Packages {
  const folder = mkdtempSync(join(tmpdir(), "cofferdam-packages-"));
  const as = versions.flatMap((version) => ["--as", version]);
  const command = ["node", join(clone, "scripts/package.mjs"), "--out", folder, ...as];
  execFileSync("sh", ["-euc", 'umask "$1"; shift; exec "$@"', "sh", umask, ...command], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, ...environment },
  });
  return {
    folder,
    of: (version, name = "cofferdam") =>
      join(folder, `${name}_${version}_${name === "cofferdam" ? "amd64" : "all"}.deb`),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
