import { clone } from "../shell-sandbox/etc-host.ts";
import { at } from "./booted-units.ts";

export function groupOf(pid: string): string {
  return at.host.sh('sed -n s/^0:://p "/proc/$1/cgroup"', pid).trim();
}

/** A control group without programs has this digest. */
export const BARE = ".0000000000000000/";

/** For units with a /tmp of their own, which hides a clone that lies there. */
export const showsClone = clone.startsWith("/tmp/") ? `BindReadOnlyPaths=${clone}\n` : "";

/** A shell's domain, in which it may also write below /run/NAME. */
export function shell(name: string, unit: string, more = ""): string {
  return [
    `enter: [{ unit: "${unit}" }]`,
    "level: enforcing",
    "include: [base, name-service]",
    "files:",
    "  - rx /usr/bin/*",
    `  - rwcd /run/${name}/**`,
    `network: [connect unix /run/systemd/notify]`,
    "inherit: [stdio, stdio-sockets]",
    'syscalls: ["@system-service"]',
    `${more}\n`,
  ].join("\n");
}
