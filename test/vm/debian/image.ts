import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { clone, moduleFolder } from "../kernel.ts";
import { machineMissing } from "../machine.ts";

/**
 * Debian's packages of every image, beyond those of priority `important` (systemd, udev, apt, ...):
 * what Cofferdam's own package depends on, and sessions.
 */
export const basePackages = ["dbus", "libpam-systemd", "nodejs", "libbpf1"] as const;
/** With a daemon that has a unit of Debian's. */
const serverPackages = [...basePackages, "memcached"] as const;

/** What the packages and a test write needs to fit. The file has holes. */
const DISK_MB = 6000;

const folder = path.join(clone, "build/debian-server");
const script = path.join(import.meta.dirname, "make-image.sh");

/** Those that are a day old when another one is made are hardly wanted any more. */
const unlessThere = `[ ! -e "$1" ] || exit 0
find "\${1%/*}" -mindepth 1 -maxdepth 1 -mtime +0 -exec rm -rf --one-file-system {} +
exec "$0" "$@"`;

/** For making one on a busy machine, milliseconds. */
export const IMAGE_MS = 900_000;

/** Why none can be had here, as the end of "skipped, because ..."; null where it can. */
export function imageMissing(packages: readonly string[] = serverPackages): string | null {
  const missing = machineMissing();
  if (missing !== null || fs.existsSync(imageFile(packages))) return missing;
  if (process.getuid?.() !== 0) return "only root can make a Debian";
  if (!fs.existsSync("/usr/bin/mmdebstrap"))
    return "there is no mmdebstrap, which `scripts/setup.sh debian` installs";
  return process.env.COFFERDAM_NO_APT ? "COFFERDAM_NO_APT forbids to fetch packages" : null;
}

/**
 * The disk of a Debian server, made once for a list of packages: to be read, not written. It has
 * the stock kernel's modules, and systemd as /vm/init.
 */
export function debianImage(packages: readonly string[] = serverPackages): string {
  const image = imageFile(packages);
  fs.mkdirSync(folder, { recursive: true });
  // If two test files want one at once, the second waits for the first.
  const command = ["sh", "-euc", unlessThere, script, image, String(DISK_MB), moduleFolder()];
  execFileSync("flock", [script, ...command, ...packages], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return image;
}

function imageFile(packages: readonly string[]): string {
  const facts = [
    ...packages,
    DISK_MB,
    path.basename(moduleFolder()),
    fs.readFileSync(script, "utf8"),
  ];
  const digest = createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 16);
  return path.join(folder, `disk-${digest}`);
}
