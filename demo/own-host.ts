import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** The demonstration's first argument where {@link showInOwnHost} has started it. */
export const OWN_HOST = "--in-its-own-host";

/**
 * Empty folders over those in which Cofferdam keeps a host's state, for this process and its
 * children alone: the agent of the demonstration serves no other process, knows only the
 * demonstration's domain, and leaves nothing behind.
 */
const mounts = `
empty() { mount -t tmpfs -o mode=0755 cofferdam-demo "$1"; }
empty /run
empty /var/lib
empty /var/log
[ ! -e /etc/cofferdam ] || empty /etc/cofferdam
cp -r "$1/domains/abstractions" /run/abstractions
empty "$1/domains"
mv /run/abstractions "$1/domains/abstractions"
shift
exec "$@"
`;

/** Where the demonstration's domain is a domain of the host. */
export function libraryOf(home: string): string {
  return join(home, "domains");
}

function inOwnHost(
  home: string,
  command: readonly string[],
  stdio: "ignore" | "inherit",
): number | null {
  const wrapped = [
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-euc",
    mounts,
    "sh",
    home,
    ...command,
  ];
  return spawnSync("unshare", wrapped, { stdio, cwd: home }).status;
}

/**
 * Starts the demonstration again, with a mount namespace of its own. Its exit status; null where
 * such cannot be had.
 */
export function showInOwnHost(home: string): number | null {
  const bundle = join(home, "dist", "demo.js");
  const here = ["test", "-x", process.execPath, "-a", "-r", bundle];
  if (process.geteuid?.() !== 0 || inOwnHost(home, here, "ignore") !== 0) return null;
  return inOwnHost(home, [process.execPath, bundle, OWN_HOST], "inherit") ?? 1;
}
