import { VERSION } from "../../src/cli/version.ts";
import { FOLDER_IN_ROOT } from "../package/packages.ts";
import { type Tried, tryBreakIns } from "./break-ins.ts";
import { readDaemon } from "./daemon.ts";
import type { DaemonHost } from "./daemon-host.ts";
import { OnHost } from "./on-host.ts";

/** What many Debian servers run, side by side. */
export const SERVED: readonly string[] = [
  ...["sshd", "chrony", "rsyslog", "nginx", "php-fpm", "mariadb", "postfix", "redis-server"],
  "prometheus-node-exporter",
];
/** These run as well. They cannot be held (docs/library.md), and listen nowhere. */
export const BESIDE: readonly string[] = ["cron", "unattended-upgrades"];

/** What timers start on such a server in a day. */
const TIMED: readonly string[] = ["logrotate.service", "dpkg-db-backup.service"];
/** Upgraded meanwhile, as unattended-upgrades has dpkg do it. */
const UPGRADED = "nginx";

const DEB = `${FOLDER_IN_ROOT}/cofferdam_${VERSION}_amd64.deb`;
/** apt, asked nothing, in few words. */
const apt = `cd /
exec env DEBIAN_FRONTEND=noninteractive apt-get -qq -o APT::Sandbox::User=root \\
  -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-unsafe-io install "$1" 2>&1`;

export interface Command {
  readonly line: string;
  readonly out: string;
}

/** What became of a daemon. */
export interface Held {
  readonly name: string;
  /** What the library lists, with its reasons, and was denied on the enforced day. */
  readonly denied: readonly string[];
  readonly tried: readonly Tried[];
}

/** Of a stock server, what a page tells; JSON can hold it. */
export interface Told {
  /** By part of the story. */
  readonly commands: Record<string, Command[]>;
  /** What listens and is in no domain, as `status` names it. */
  left: readonly string[];
  held: Held[];
}

export const nothingTold = (): Told => ({ commands: {}, left: [], held: [] });

/**
 * One server with all of these, from nothing to enforced. Each part is a step that must go as it
 * should; the server may boot between two of them.
 */
export class StockServer {
  readonly #host: DaemonHost;
  readonly #say: (step: string) => void;
  readonly #all: readonly OnHost[];
  readonly told: Told;

  /** `told`: of earlier steps. */
  constructor(host: DaemonHost, say: (step: string) => void, told: Told) {
    this.#host = host;
    this.#say = say;
    this.told = told;
    this.#all = SERVED.map((name) => new OnHost(host, readDaemon(name)));
  }

  /** Debian's packages alone, and each daemon's client is answered. */
  async served(): Promise<void> {
    this.#host.ensure(BESIDE);
    for (const one of this.#all) one.prepare();
    // Once: an emulated machine reloads for a minute.
    this.#host.booted.sh("systemctl daemon-reload");
    await this.#each("serves as Debian has it", (one) => one.outside());
  }

  /** After a boot. */
  resumed(): void {
    for (const one of this.#all) one.meet();
    this.#host.booted.run("systemctl", "is-system-running", "--wait");
  }

  installed(): void {
    this.#tell("installed", `apt install ${DEB}`, this.#host.booted.sh(apt, DEB));
    this.#cofferdam("installed", ["status"], [0, 1]);
  }

  /** Domains are the kernel's from now on. */
  intoKernel(): void {
    this.#cofferdam("kernel", ["settings", "set", "/UserVars/Engine", "bpf-lsm"]);
  }

  protectAll(): void {
    this.#cofferdam("protected", ["protect", "--all", "--now"]);
    this.#cofferdam("protected", ["status"], [0, 1]);
    this.told.left = this.#outside();
    this.#expectLevels("warning");
  }

  async dayAtWarning(): Promise<void> {
    await this.#day("works at warning");
    this.#cofferdam("day", ["ready", "nginx", "--least", "1s"], [0, 1]);
  }

  enforceAll(): void {
    const words = ["enforce", "--all", "--least", "1s", "--watch", "20s", "--restart"];
    // What a policy denies on purpose and no rule can name keeps some from being ready.
    this.#cofferdam("enforced", words, [0, 1]);
    this.#cofferdam("enforced", [...words, "--anyway"]);
    this.expectEnforced();
    this.#cofferdam("enforced", ["status"], [0, 1]);
  }

  expectEnforced(): void {
    this.#expectLevels("enforcing");
    const now = this.#outside();
    if (now.join() !== this.told.left.join()) throw new Error(`listens outside: ${now.join(", ")}`);
  }

  async dayEnforced(): Promise<void> {
    await this.#day("works at enforcing");
  }

  async brokenInto(): Promise<void> {
    // All are stopped before the first is broken into: a daemon that runs would look at files that
    // a break-in makes at level disabled, such as /etc/ld.so.preload.
    await this.#each("is stopped", (one) => one.stopped());
    await this.#each("is broken into", (one) => {
      const { name } = one.daemon;
      const denied = one.told(["denied"]);
      const tried = tryBreakIns(this.#host, one.daemon);
      this.told.held.push({ name, denied, tried });
    });
  }

  async #day(step: string): Promise<void> {
    await this.#each(step, (one) => one.aDay());
    const { booted } = this.#host;
    for (const unit of TIMED) booted.sh('systemctl start "$1"', unit);
    await this.#all.find(({ daemon }) => daemon.name === UPGRADED)?.upgraded();
    // What one does may have made another ask.
    for (const one of this.#all) await one.expectNothingElseTold();
  }

  async #each(step: string, act: (one: OnHost) => void | Promise<void>): Promise<void> {
    for (const one of this.#all) {
      this.#say(`${one.daemon.name} ${step}`);
      await act(one);
    }
  }

  #tell(part: string, line: string, out: string): void {
    this.told.commands[part] ??= [];
    this.told.commands[part].push({ line, out });
    this.#say(`\n# ${line}\n${out}\n`);
  }

  #cofferdam(part: string, words: readonly string[], statuses: readonly number[] = [0]): void {
    const { status, out, err } = this.#host.booted.run("cofferdam", ...words);
    if (!statuses.includes(status ?? -1))
      throw new Error(`cofferdam ${words.join(" ")}: ${status}: ${out}${err}`);
    this.#tell(part, `cofferdam ${words.join(" ")}`, out);
  }

  #outside(): readonly string[] {
    // It ends with 1 where something wants attention.
    const { out } = this.#host.booted.run("cofferdam", "status", "--json");
    return JSON.parse(out).listening.outside;
  }

  #expectLevels(level: string): void {
    const { domains } = JSON.parse(this.#host.booted.sh("cofferdam domain list --json"));
    const wrong = SERVED.filter((name) => {
      const found = domains.find((one: { name: string }) => one.name === name);
      return found?.level !== level || found.processes === 0;
    });
    if (wrong.length > 0) throw new Error(`not at ${level}, or no process: ${wrong.join(", ")}`);
  }
}
