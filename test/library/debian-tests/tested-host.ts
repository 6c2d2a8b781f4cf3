import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { clone, type Packages } from "../../package/packages.ts";
import { isListed, type LibraryDaemon, withVersion } from "../daemon.ts";
import { LibraryHost } from "../library-host.ts";
import { toldOf } from "../told.ts";
import { domainOfUnit } from "../unit-process.ts";
import { type Held, type Verdict, verdictOf } from "./seen.ts";
import type { Source } from "./source.ts";

/** A test as its package's debian/tests/control has it. */
const described = z.object({
  name: z.string(),
  restrictions: z.array(z.string()),
  /** As a control file writes it. */
  depends: z.string(),
  /** Of these, what its own source makes; autopkgtest wants no other package in its place. */
  own: z.array(z.string()),
});
export type Described = z.infer<typeof described>;

interface Run {
  readonly verdict: Verdict;
  readonly held: Held;
}

/** For one test, seconds. */
const TEST_S = 600;
/** For autopkgtest with the test and what it copies before and after, milliseconds. */
const RUN_MS = 900_000;
/** Until the unit's main process is in its domain, milliseconds. */
const ENTERED_MS = 60_000;
const LOOK_AGAIN_MS = 200;
/** Of what a test says, for who reads why it failed; characters. */
const LOG_MAX = 200_000;
const EVENTS = "/var/log/cofferdam/events.jsonl";
const FOLDER = "/srv/debian-tests";
const inClone = (file: string): string => join(clone, "test/library/debian-tests", file);

/**
 * The host is a container, and is thrown away; autopkgtest takes it for its own machine. It would
 * build the source for every test if one needs that, so it gets a control file that does not say
 * so; `run` looks at the word itself. A test of one user that ran out of time leaves a file that
 * one of another user would have to remove.
 * `$1` the watch, `$2` the domain, `$3` the program, `$4` the source, `$5` the test.
 */
const autopkgtest = `
cd /
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/games TMPDIR=${FOLDER}
install -d --mode=1777 ${FOLDER}
rm -f ${FOLDER}/summary ${FOLDER}/held /tmp/autopkgtest_script_pid
id tester >/dev/null 2>&1 || useradd --create-home tester
sed 's/\\bbuild-needed\\b//' "$4/debian/tests/control" >${FOLDER}/control
python3 "$1" "$2" "$3" >${FOLDER}/held &
watch=$!
autopkgtest --no-built-binaries --no-auto-control --needs-internet=skip --test-name "$5" \\
  --override-control ${FOLDER}/control --summary-file ${FOLDER}/summary --user tester \\
  --timeout-test ${TEST_S} "$4/" \\
  --ignore-restrictions isolation-container -- null --fake-capability revert-full-system \\
  >${FOLDER}/log 2>&1 </dev/null || true
kill -TERM "$watch"
wait "$watch"`;

/** Of Debian's folder no mount of its own: a test may link names there to others below /var. */
const plainFolder = `
umount --lazy /var/tmp
find /var/tmp -mindepth 1 -delete
chmod 1777 /var/tmp`;

const unpack = `
cd /srv/source
dpkg-source --extract "$1"_*.dsc "$1" >&2
echo "/srv/source/$1"`;

/** A Debian with the daemon's packages, as they are when installed, and with their source. */
export class TestedHost {
  readonly #host: LibraryHost;
  readonly #daemon: LibraryDaemon;
  /** The unpacked source. */
  readonly #folder: string;
  readonly isConfigured: boolean;

  private constructor(
    host: LibraryHost,
    daemon: LibraryDaemon,
    folder: string,
    isConfigured: boolean,
  ) {
    this.#host = host;
    this.#daemon = daemon;
    this.#folder = folder;
    this.isConfigured = isConfigured;
  }

  static async start(
    packages: Packages,
    written: LibraryDaemon,
    source: Source,
  ): Promise<TestedHost> {
    const host = await LibraryHost.start(packages);
    try {
      host.booted.sh(plainFolder);
      host.renewPolicies();
      host.listSources();
      host.install([...written.packages, "autopkgtest", "dpkg-dev"]);
      const daemon = withVersion(written, (script) => host.booted.sh(script));
      const isConfigured = startUnit(host, daemon);
      host.downloadSource(source.name, source.version);
      const folder = host.booted.sh(unpack, source.name).trim();
      return new TestedHost(host, daemon, folder, isConfigured);
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  stop(): Promise<void> {
    return this.#host.stop();
  }

  get #booted() {
    return this.#host.booted;
  }

  tests(): readonly Described[] {
    const ask = 'python3 "$1" "$2" "$(dpkg --print-architecture)"';
    const listed = this.#booted.sh(ask, inClone("list.py"), this.#folder);
    return z.array(described).parse(JSON.parse(listed));
  }

  /** The unit's processes run in the domain from now on, at this level. */
  async enter(level: "warning" | "enforcing"): Promise<void> {
    const { name, unit } = this.#daemon;
    const words = [
      ["domain", "reload", name],
      ["domain", "level", name, level],
      ["unit", "enable", "--now", unit],
    ];
    for (const one of words) this.#booted.sh('cofferdam "$@"', ...one);
    this.#booted.sh('systemctl restart "$1"', unit);
    const deadline = performance.now() + ENTERED_MS;
    while (domainOfUnit(this.#booted, unit) !== name) {
      if (performance.now() > deadline)
        throw new Error(`not in the domain: ${this.#booted.run("systemctl", "status", unit).out}`);
      await pause(LOOK_AGAIN_MS);
    }
  }

  /** Nothing can start the unit any more. */
  mask(): void {
    const units = 'echo $(systemctl show --value -p TriggeredBy "$1") "$1"';
    const { unit } = this.#daemon;
    this.#booted.sh(`all=$(${units}); systemctl stop $all; systemctl mask --runtime $all`, unit);
  }

  /** `where` names the file of what it says, which is kept below build/debian-tests. */
  run({ name, restrictions, depends, own }: Described, where: string): Run {
    const none = { domain: 0, started: 0, elsewhere: 0 };
    if (restrictions.includes("build-needed"))
      return { verdict: cannotRun("the package would have to be built"), held: none };
    try {
      this.#host.satisfy(depends);
      if (own.length > 0) this.#host.fetch(own);
    } catch (error) {
      const why = /^(?: \S.*|E: .*)$/m.exec(String(error))?.[0].trim() ?? String(error);
      return { verdict: cannotRun(`what it needs cannot be installed: ${why}`), held: none };
    }
    // The test before may have stopped it.
    this.#booted.run("systemctl", "start", this.#daemon.unit);
    const [program = "", ...args] = this.#booted.command([
      ...["sh", "-uc", autopkgtest, "sh", inClone("watch.py"), this.#daemon.name],
      ...[this.#daemon.daemon, this.#folder, name],
    ]);
    spawnSync(program, args, { stdio: "ignore", timeout: RUN_MS });
    const log = this.#booted.run("tail", "-c", String(LOG_MAX), `${FOLDER}/log`).out;
    this.#keepLog(`${name}.${where}`, log);
    const verdict = verdictOf(this.#booted.run("cat", `${FOLDER}/summary`).out, name);
    const held: Held = JSON.parse(this.#booted.sh("cat $1", `${FOLDER}/held`));
    return { verdict: verdict ?? cannotRun(log.trim().split("\n").at(-1) ?? ""), held };
  }

  /** Since the host's start: what was beyond the policy, but for what the daemon's file lists. */
  beyond(): readonly string[] {
    const told = toldOf(this.#daemon.name, this.#booted.run("cat", EVENTS).out);
    return told.filter((one) => !isListed(this.#daemon, one));
  }

  #keepLog(name: string, log: string): void {
    const folder = join(clone, "build/debian-tests", this.#daemon.name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), log);
  }
}

const cannotRun = (why: string): Verdict => ({ result: "cannot run", why });

/** systemd makes it of a script in /etc/init.d, which a domain's policy does not run. */
const isOfScript = (host: LibraryHost, unit: string): boolean =>
  host.booted.show(unit, "SourcePath").startsWith("/etc/init.d/");

/** With Debian's configuration; whether no domain runs with it, and it got another. */
function startUnit(host: LibraryHost, { unit, configure }: LibraryDaemon): boolean {
  host.booted.sh("systemctl daemon-reload");
  const start = () => {
    host.booted.run("systemctl", "reset-failed", unit);
    const { status } = host.booted.run("systemctl", "restart", unit);
    return status === 0 && host.booted.show(unit, "ActiveState") === "active";
  };
  if (!isOfScript(host, unit) && start()) return false;
  host.booted.sh('cd /; bash -euc "$1"', configure);
  host.booted.sh("systemctl daemon-reload");
  if (!start()) throw new Error(host.booted.run("systemctl", "status", unit).out);
  return true;
}
