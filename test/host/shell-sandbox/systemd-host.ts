import type { Outcome } from "./etc-host.ts";

/** A host whose process 1 is systemd, wherever it runs. */
export abstract class SystemdHost {
  /** As root, from outside every domain. */
  abstract run(...words: readonly string[]): Outcome;

  /** @throws Error when it fails, with what it said */
  sh(script: string, ...args: readonly string[]): string {
    const { status, out, err } = this.run("sh", "-euc", script, "sh", ...args);
    if (status !== 0) throw new Error(`${script}: ${out}${err}`);
    return out;
  }

  show(unit: string, property: string): string {
    return this.sh('systemctl show --value --property="$2" -- "$1"', unit, property).trim();
  }

  /** The domain that a process is in, by its control group; empty where there is none. */
  domainOf(pid: string): string {
    const group = this.sh('sed -n s/^0:://p "/proc/$1/cgroup"', pid).trim();
    return /\/cofferdam\/([^/]+)\.[0-9a-f]{16}\//.exec(group)?.[1] ?? "";
  }
}
