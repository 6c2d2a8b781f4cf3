import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Event } from "../../src/events/event.ts";
import type { AddedLine } from "../../src/policy/add-lines.ts";
import { addLines } from "../../src/policy/add-lines.ts";
import type { BootedHost } from "../host/shell-sandbox/booted-host.ts";
import { attacksByPrograms, attacksOn } from "./attacks-on.ts";
import { HAND, hide } from "./hide.ts";
import type { Programs } from "./on-host.ts";
import type { Result, Width } from "./result.ts";
import type { Subject } from "./subjects.ts";

const POLICIES = "/etc/cofferdam/domains";
/** For a daemon that starts, or reads its configuration, milliseconds. */
const ANSWER_MS = 60_000;
const LOOK_AGAIN_MS = 100;
/** Lines of the journal that a failure shows. */
const MESSAGES = 60;
/** Of `enforce`: the rounds come after it. */
const WATCH = "3s";

const none: Width = { reached: 0, own: 0, changed: 0 };
const nothing: Omit<Result, "name" | "failure" | "seconds"> = {
  starts: 0,
  lines: { drafted: 0, suggested: 0, left: [], taken: [] },
  verdict: "",
  outstanding: [],
  rounds: { passed: 0, failed: [] },
  denied: [],
  width: { drafted: none, byHand: none },
  attacks: { tried: 0, open: [] },
  policy: "",
  journal: "",
};

export interface Setting {
  readonly host: BootedHost;
  readonly rounds: number;
  readonly programs: Programs;
  /** Whether the programs of test/attacks are tried, which takes half a minute. */
  readonly attacks: boolean;
  readonly say: (what: string) => unknown;
}

type Lines = Result["lines"];
interface Looked {
  readonly verdict: string;
  readonly reasons: readonly { readonly says: string; readonly text: string }[];
  readonly denied: readonly { readonly access: string }[];
}
type Shown = AddedLine & { readonly dangers: readonly string[]; readonly granted?: boolean };

/** One daemon, from an empty domain to its last round. */
export class Afternoon {
  readonly #subject: Subject;
  readonly #unit: string;
  readonly #setting: Setting;
  readonly #host: BootedHost;
  readonly #found: { -readonly [Key in keyof Result]?: Result[Key] } = {};
  #domain = "";
  #begun = 0;

  constructor(subject: Subject, setting: Setting) {
    this.#subject = subject;
    this.#unit = subject.daemon.unit;
    this.#setting = setting;
    this.#host = setting.host;
  }

  /** A failure is a result, too: the other daemons still have their turn. */
  async run(): Promise<Result> {
    const begin = performance.now();
    let failure: string | null = null;
    try {
      await this.#all();
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    if (this.#domain !== "") {
      this.#found.denied = [...new Set(this.#denials())].sort();
      this.#found.policy = this.#host.run("cat", this.#policy).out;
    }
    const hasFailed = failure !== null || (this.#found.rounds?.failed ?? []).length > 0;
    if (hasFailed) this.#found.journal = this.#journal();
    this.#host.run("systemctl", "stop", this.#unit);
    const seconds = Math.round((performance.now() - begin) / 1_000);
    return { ...nothing, name: this.#subject.daemon.name, ...this.#found, failure, seconds };
  }

  async #all(): Promise<void> {
    const { daemon, byHand, besides } = this.#subject;
    const { say } = this.#setting;
    this.#host.sh('bash -euc "$1"', daemon.configure);
    hide(this.#host, byHand);
    this.#host.sh('systemctl daemon-reload; systemctl start "$@"', ...besides, this.#unit);
    await this.#serves("outside every domain");
    this.#begun = this.#started();
    say("protect");
    const drafted = this.#protect();
    await this.#work("at level warning");
    say("suggest, enforce");
    const lines = this.#suggest(drafted);
    this.#found.lines = lines;
    this.#found.verdict = this.#enforce();
    // Of a unit of Type=simple the launcher may still wait for a plan of what the unit sees.
    await this.#serves("at level enforcing");
    this.#found.starts = this.#started() - this.#begun;
    this.#found.rounds = await this.#rounds();
    say("width, attacks");
    this.#found.width = this.#width();
    const asked = attacksOn(this.#host, this.#domain, byHand, lines.taken);
    this.#found.attacks = asked;
    if (!this.#setting.attacks) return;
    say("attacks by programs");
    const { tried, open } = attacksByPrograms(this.#setting, this.#policy, byHand);
    this.#found.attacks = { tried: asked.tried + tried, open: [...asked.open, ...open] };
  }

  get #policy(): string {
    return join(POLICIES, `${this.#domain}.yaml`);
  }

  #done(...words: readonly string[]): string {
    const { status, out, err } = this.#host.run("cofferdam", ...words);
    if (status !== 0) throw new Error(`cofferdam ${words.join(" ")}: ${status}: ${out}${err}`);
    return out;
  }

  /** Starts of the unit in its life, as systemd tells them to the journal. */
  #started(): number {
    const begun = "39f53479d3a045ac8e11786248231fbf";
    this.#host.sh("journalctl --sync");
    const { out } = this.#host.run(
      ...["journalctl", "--quiet", "--output=cat", `MESSAGE_ID=${begun}`],
      `UNIT=${this.#unit}.service`,
    );
    return out.split("\n").filter((line) => line !== "").length;
  }

  #journal(): string {
    const words = ["--quiet", "--no-hostname", `--lines=${MESSAGES}`, `--unit=${this.#unit}`];
    return this.#host.run("journalctl", ...words).out;
  }

  #hears(): string | null {
    const { daemon } = this.#subject;
    const { out, err } = this.#host.run("bash", "-c", daemon.client);
    return out.includes(daemon.answer) ? null : `${out}${err}`.trim().slice(-300);
  }

  /** @throws Error if the client does not get its answer in time */
  async #serves(when: string): Promise<void> {
    const deadline = performance.now() + ANSWER_MS;
    for (;;) {
      const heard = this.#hears();
      if (heard === null) return;
      const state = this.#host.show(this.#unit, "ActiveState");
      if (performance.now() > deadline || state === "failed")
        throw new Error(`${when}: the unit is ${state}, its client heard \`${heard}\``);
      await pause(LOOK_AGAIN_MS);
    }
  }

  #protect(): Shown[] {
    const said = JSON.parse(this.#done("protect", "--now", "--json", this.#unit));
    if (said.drafted !== true) throw new Error(`there was a policy already: ${said.file}`);
    this.#domain = said.domain;
    return said.lines;
  }

  async #reload(): Promise<void> {
    const { daemon } = this.#subject;
    const { reloaded } = daemon;
    const mark = () => (reloaded === undefined ? "" : this.#host.run("bash", "-c", reloaded).out);
    const before = mark();
    if (this.#host.show(this.#unit, "CanReload") === "yes")
      this.#host.sh('systemctl reload "$1"', this.#unit);
    const deadline = performance.now() + ANSWER_MS;
    while (reloaded !== undefined && mark() === before) {
      if (performance.now() > deadline) throw new Error("the reload had no effect");
      await pause(LOOK_AGAIN_MS);
    }
  }

  #rotate(): void {
    const { logrotate } = this.#subject.daemon;
    if (logrotate !== null) this.#host.sh('logrotate --force "$1"', logrotate);
  }

  /** What a client does, a reload and a rotation: no start belongs to it. */
  async #work(when: string): Promise<void> {
    await this.#serves(when);
    await this.#reload();
    await this.#serves(`${when}, reloaded`);
    this.#rotate();
    await this.#serves(`${when}, rotated`);
  }

  #suggest(drafted: readonly Shown[]): Lines {
    // What was used a moment ago may not be in the log yet.
    this.#host.run("sleep", "1");
    const found = JSON.parse(
      this.#host.run("cofferdam", "suggest", this.#domain, "--write", "--json").out,
    );
    const dangerous: readonly Shown[] = [
      ...drafted.filter(({ granted }) => granted === false),
      ...found.dangerous,
    ];
    const lines = new Map(dangerous.map((one) => [`${one.section} ${one.line}`, one]));
    const isTaken = (text: string) => this.#subject.taken.some((pattern) => pattern.test(text));
    const taken = [...lines].filter(([text]) => isTaken(text));
    this.#take(taken.map(([, one]) => one));
    this.#done("domain", "reload", this.#domain);
    return {
      drafted: drafted.length,
      suggested: found.lines.length,
      taken: taken.map(([text]) => text),
      left: [...lines.keys()].filter((text) => !isTaken(text)),
    };
  }

  /** A person's yes, with an editor. */
  #take(lines: readonly AddedLine[]): void {
    if (lines.length === 0) return;
    const text = this.#host.sh('cat "$1"', this.#policy);
    this.#host.sh('printf %s "$2" >"$1"', this.#policy, addLines(text, lines));
  }

  #enforce(): string {
    const looked = this.#host.run(
      ...["cofferdam", "ready", this.#domain, "--least", "1s", "--json"],
    );
    const { verdict, reasons, denied } = JSON.parse(looked.out) as Looked;
    const against = reasons.filter(({ says }) => says === "not-yet" || says === "cannot-tell");
    this.#found.outstanding = [
      ...against.map(({ text }) => text),
      ...denied.map(({ access }) => access),
    ];
    const anyway = verdict === "ready" ? [] : ["--anyway"];
    this.#done(
      ...["enforce", this.#domain, "--least", "1s", "--watch", WATCH, "--restart", ...anyway],
    );
    return verdict;
  }

  async #rounds(): Promise<Result["rounds"]> {
    const failed: string[] = [];
    const { rounds, say } = this.#setting;
    for (let round = 1; round <= rounds; round += 1) {
      const steps = ["reload", "rotate", "restart"] as const;
      const step = steps[(round - 1) % steps.length] ?? "restart";
      say(`round ${round}, after ${step}`);
      try {
        if (step === "reload") await this.#reload();
        if (step === "rotate") this.#rotate();
        if (step === "restart")
          this.#host.sh('systemctl reset-failed "$1" || :; systemctl restart "$1"', this.#unit);
        await this.#serves(`${step}`);
        this.#requireInside();
      } catch (error) {
        failed.push(`round ${round}: ${error instanceof Error ? error.message : error}`);
      }
    }
    return { passed: rounds - failed.length, failed };
  }

  #requireInside(): void {
    const pid = this.#host.show(this.#unit, "MainPID");
    const domain = this.#host.domainOf(pid);
    if (domain !== this.#domain) throw new Error(`process ${pid} is in the domain \`${domain}\``);
  }

  #denials(): readonly string[] {
    const { out } = this.#host.run("cofferdam", "events", "--domain", this.#domain, "--json");
    return out
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Event)
      .filter(({ verdict }) => verdict === "denied")
      .map(({ operation, object }) => `${operation} ${object}`.replace(/\/\d+(?=\/|$)/g, "/N"));
  }

  #width(): Result["width"] {
    const { byHand } = this.#subject;
    const own = `${this.#domain}.yaml`;
    const files = [`${POLICIES}/${own}`, `${HAND}/by-hand-${byHand}`];
    const { status, out, err } = this.#host.run(
      "node",
      this.#setting.programs["width-of"],
      ...files,
    );
    if (status !== 0) throw new Error(`its width: ${err}`);
    const widths: Readonly<Record<string, Width>> = JSON.parse(out);
    const [drafted, hand] = [widths[own], widths[`by-hand-${byHand}`]];
    if (drafted === undefined || hand === undefined) throw new Error(`no width of ${files}`);
    return { drafted, byHand: hand };
  }
}
