import type { Outcome } from "./etc-host.ts";

/** Of what `cofferdam ps --json` lists. */
export interface ShownProcess {
  readonly pid: number;
  readonly confinement?: { readonly domain?: string } | null;
}

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

  /** As `cofferdam ps` lists them. @throws Error when it fails */
  shownProcesses(): readonly ShownProcess[] {
    return JSON.parse(this.sh("cofferdam ps --json"));
  }

  /** Whether Debian's packages are installed, all of them. */
  hasPackages(packages: readonly string[]): boolean {
    const { out } = this.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}", ...packages);
    return out === "ii ".repeat(packages.length);
  }

  /** The domain that a process is in, by its control group; empty where there is none. */
  domainOf(pid: string): string {
    const group = this.sh('sed -n s/^0:://p "/proc/$1/cgroup"', pid).trim();
    return /\/cofferdam\/([^/]+)\.[0-9a-f]{16}\//.exec(group)?.[1] ?? "";
  }
}
