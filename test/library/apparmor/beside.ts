import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Packages } from "../../package/packages.ts";
import { type LibraryDaemon, withVersion } from "../daemon.ts";
import { LibraryHost } from "../library-host.ts";
import { shippedPolicy } from "../policy.ts";
import { filesOn, type Width, widthOf } from "../width.ts";
import { type ProfileFacts, profileFor, putAppArmor, putProject } from "./profile.ts";
import { type ProfileWidth, profileWidth } from "./width.ts";

/** What a domain reaches, beside Debian's AppArmor profile for the same program. */
export interface Beside {
  readonly name: string;
  readonly domain: Width;
  readonly profile: ProfileFacts & ProfileWidth;
}

/** One count: all of it on one host, over one list of files. */
interface Count {
  /** ISO 8601, the day alone. */
  readonly day: string;
  /** Of AppArmor's parser. */
  readonly parser: string;
  /** Of the apparmor.d project: commit and day. */
  readonly project: string | null;
  readonly files: number;
  readonly rows: readonly Beside[];
}

const kept = join(import.meta.dirname, "count.json");

/** null before the first count. */
export function keptCount(): Count | null {
  return existsSync(kept) ? (JSON.parse(readFileSync(kept, "utf8")) as Count) : null;
}

/**
 * Installs the daemons side by side, counts, and keeps the count. Those without a profile are left
 * out. `checkout`: of the apparmor.d project. `say` hears of each daemon.
 */
export async function countBeside(
  packages: Packages,
  written: readonly LibraryDaemon[],
  checkout: string | undefined,
  say: (line: string) => void,
): Promise<Count> {
  const host = await LibraryHost.start(packages);
  try {
    const parser = putAppArmor(host);
    const project = checkout === undefined ? null : putProject(host, checkout);
    const sources = project === null ? (["debian"] as const) : (["debian", "project"] as const);
    // No daemon is started: only their files matter, and many want the same port.
    host.booted.sh("printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d");
    host.booted.sh("chmod 0755 /usr/sbin/policy-rc.d");
    // One may take another's place, as two mail servers do: so each is looked at when it comes.
    const all = written.map((daemon) => {
      const { name, daemon: program } = installed(host, daemon);
      // What a template serves is of no package, and has no profile.
      const isThere = host.booted.run("test", "-e", program).status === 0;
      const from = isThere ? sources : [];
      const found = from.flatMap((source) => profileFor(host, program, source) ?? []);
      say(`${name}: ${found.map(({ facts }) => facts.file).join(", ") || "no profile"}`);
      return { name, found };
    });
    const files = filesOn(host);
    const rows = all.flatMap(({ name, found }): readonly Beside[] =>
      found.map(({ facts, compiled }) => ({
        ...{ name, domain: widthOf(files, shippedPolicy(name)) },
        profile: { ...facts, ...profileWidth(files, compiled) },
      })),
    );
    const day = new Date().toISOString().slice(0, 10);
    const count = { day, parser, project, files: files.length, rows };
    writeFileSync(kept, `${JSON.stringify(count, null, 2)}\n`);
    return count;
  } finally {
    await host.stop();
  }
}

function installed(host: LibraryHost, daemon: LibraryDaemon): LibraryDaemon {
  host.ensure(daemon.packages);
  return withVersion(daemon, (script) => host.booted.sh(script));
}
