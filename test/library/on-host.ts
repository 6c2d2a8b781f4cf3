import { setTimeout as pause } from "node:timers/promises";
import type { Readiness } from "../../src/cli/ready/reasons.ts";
import type { Outcome } from "../host/shell-sandbox/etc-host.ts";
import { isListed, type LibraryDaemon, withVersion } from "./daemon.ts";
import type { DaemonHost } from "./daemon-host.ts";
import { PolicyDiffers } from "./policy-differs.ts";
import { repack } from "./repack.ts";
import { ofAnyProcess, type Refused, toldOf } from "./told.ts";
import { domainOfUnit, processOfUnit } from "./unit-process.ts";

const LOOK_AGAIN_MS = 200;
const EVENTS = "/var/log/cofferdam/events.jsonl";

/** A daemon on such a host, and what is done with it there. */
export class OnHost {
  readonly #host: DaemonHost;
  daemon: LibraryDaemon;

  constructor(host: DaemonHost, daemon: LibraryDaemon) {
    this.#host = host;
    this.daemon = daemon;
  }

  get #booted() {
    return this.#host.booted;
  }

  install(): void {
    this.#host.renewPolicies();
    this.prepare();
    this.#booted.sh("systemctl daemon-reload");
    this.#cofferdam("domain", "reload", this.daemon.name);
  }

  /** With Debian's packages alone: nothing of Cofferdam need be there. */
  prepare(): void {
    this.#host.ensure(this.daemon.packages);
    this.meet();
    this.#booted.sh('cd /; bash -euc "$1"', this.daemon.configure);
  }

  /** Where it has been prepared before. */
  meet(): void {
    this.daemon = withVersion(this.daemon, (script) => this.#booted.sh(script));
  }

  /** Otherwise what happens in the domain would say nothing about the domain. */
  async outside(): Promise<void> {
    // Its package may have started it again and again, while another daemon had its port.
    this.#booted.run("systemctl", "reset-failed", this.daemon.unit);
    this.#booted.sh('systemctl restart "$1"', this.daemon.unit);
    await this.#serves("");
  }

  async atWarning(): Promise<void> {
    const { name, unit } = this.daemon;
    this.#cofferdam("test", name);
    this.#host.giveLevel(name, "warning");
    this.#cofferdam("unit", "enable", "--now", unit);
    await this.aDay();
    this.#expectReady();
  }

  async enforced(): Promise<void> {
    this.#host.giveLevel(this.daemon.name, "enforcing");
    this.#booted.sh('systemctl restart "$1"', this.daemon.unit);
    await this.aDay();
  }

  /**
   * Where the kernel's engine is attached: its unit is in the domain at its next start, unchanged
   * unless the launcher has to start it, a level changes while it runs, and afterwards it starts
   * enforced.
   */
  async inKernel(byLauncher: boolean): Promise<void> {
    const { name, unit } = this.daemon;
    this.#host.giveLevel(name, "warning");
    if (byLauncher) this.#cofferdam("unit", "enable", unit);
    this.#booted.sh('systemctl restart "$1"', unit);
    await this.aDay();
    this.#expectReady();
    this.#host.giveLevel(name, "enforcing");
    await this.aDay();
    this.#booted.sh('systemctl restart "$1"', unit);
    await this.aDay();
    this.#endsAll();
  }

  /**
   * As Debian's security updates come: a script restarts it, or reloads it and it executes its new
   * program itself, or `domain stale` names it.
   */
  async upgraded(): Promise<void> {
    const { name, unit, upgrade } = this.daemon;
    const before = this.#running();
    const file = repack(this.#booted, upgrade);
    this.#booted.sh('dpkg --force-unsafe-io --install "$1"', file);
    if (this.#running() === before) {
      const { out } = this.#booted.run("cofferdam", "domain", "stale");
      if (!out.includes(`restart ${name}`))
        throw new Error(`it was not restarted, and \`domain stale\` does not say so: ${out}`);
      this.#booted.sh('systemctl restart "$1"', unit);
    }
    await this.#serves(name);
    await this.expectNothingElseTold();
  }

  async stopped(): Promise<void> {
    const { unit } = this.daemon;
    this.#endsAll();
    this.#cofferdam("unit", "disable", unit);
    this.#booted.run("systemctl", "disable", "--quiet", unit);
    await this.expectNothingElseTold();
  }

  /** Stopped, it leaves no process behind. */
  #endsAll(): void {
    const { name, unit } = this.daemon;
    // With the sockets that would start it again at the next message.
    this.#booted.sh('systemctl stop $(systemctl show --value -p TriggeredBy "$1") "$1"', unit);
    const state = this.#booted.show(unit, "ActiveState");
    if (state !== "inactive") throw new Error(`after it was stopped ${unit} is ${state}`);
    const own = this.#booted
      .shownProcesses()
      .filter(({ confinement }) => confinement?.domain === name);
    if (own.length > 0) throw new Error(`left behind: ${JSON.stringify(own)}`);
  }

  /** Of its own package, which is another than the upgraded one where that is its interpreter. */
  version(): string {
    const { tested, upgrade } = this.daemon;
    return this.#booted
      .sh('dpkg-query -W -f "\\${Version}" "$1"', tested ?? upgrade)
      .replace(/\+life1$/, "");
  }

  /** Says more about a step that has failed. */
  context(): string {
    const { unit } = this.daemon;
    const { out } = this.#booted.run("journalctl", "-qn", "15", "-ocat", "-u", unit);
    return `beyond the policy: ${this.told().join(", ") || "nothing"}\n${out}`;
  }

  told(verdicts?: readonly Refused[]): readonly string[] {
    return toldOf(this.daemon.name, this.#booted.run("cat", EVENTS).out, verdicts);
  }

  /** A client's work, a reload, a rotation, and the work again. */
  async aDay(): Promise<void> {
    const { name } = this.daemon;
    await this.#serves(name);
    await this.#reload();
    await this.#serves(name);
    await this.expectNothingElseTold();
  }

  /** A daemon that has just started may not listen yet. */
  async #serves(domain: string): Promise<void> {
    const { client, answer, unit } = this.daemon;
    let heard: Outcome | null = null;
    await this.#until(
      () => {
        // nsenter leaves a script in a folder of another tree.
        heard = this.#booted.run("bash", "-c", `cd /; ${client}`);
        return this.#domain() === domain && heard.out.includes(answer);
      },
      () =>
        `${unit} is ${this.#booted.show(unit, "ActiveState")} in the domain ` +
        `"${this.#domain()}", and a client hears ` +
        JSON.stringify(heard),
    );
  }

  /** The next daemon may want their ports. */
  clear(): void {
    this.#booted.sh("systemctl stop 'life-*'");
  }

  async #reload(): Promise<void> {
    const { unit, reloaded, isReloaded, logrotate } = this.daemon;
    const mark = () => (reloaded === undefined ? "" : this.#booted.run("bash", "-c", reloaded).out);
    const before = mark();
    if (isReloaded && this.#booted.show(unit, "CanReload") === "yes")
      this.#booted.sh('systemctl reload "$1"', unit);
    if (reloaded !== undefined)
      await this.#until(
        () => mark() !== before,
        () => `after a reload it is still ${before}`,
      );
    if (logrotate !== null) this.#booted.sh('logrotate --force "$1"', logrotate);
  }

  async #until(holds: () => boolean, why: () => string): Promise<void> {
    const deadline = performance.now() + this.#host.answerMs;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(why());
      await pause(LOOK_AGAIN_MS);
    }
  }

  async expectNothingElseTold(): Promise<void> {
    await pause(this.#host.toldMs);
    const unexpected = this.told().filter((one) => !isListed(this.daemon, one));
    if (unexpected.length === 0) return;
    const suggested = this.#booted.run("cofferdam", "suggest", this.daemon.name).out;
    throw new PolicyDiffers(
      `beyond the policy and what it lists: ${unexpected.join(", ")}\n${suggested}`,
    );
  }

  /** `enforce` would not ask for `--anyway`: what it does without, the policy denies on purpose. */
  #expectReady(): void {
    const { name, unruled } = this.daemon;
    const { out } = this.#booted.run("cofferdam", "ready", name, "--least", "1s", "--json");
    const { denied }: Readiness = JSON.parse(out);
    const left = denied
      .map(({ access }) => access)
      .filter((one) => !unruled.includes(ofAnyProcess(one)));
    if (left.length > 0)
      throw new PolicyDiffers(`no rule is about: ${left.join(", ")} (deny it, or name it unruled)`);
  }

  #domain(): string {
    return domainOfUnit(this.#booted, this.daemon.unit);
  }

  /** Which process it is, and of which file. */
  #running(): string {
    const pid = processOfUnit(this.#booted, this.daemon.unit);
    return this.#booted.sh('echo "$1 $(stat -Lc %i "/proc/$1/exe")"', pid);
  }

  #cofferdam(...words: readonly string[]): string {
    const { status, out, err } = this.#booted.run("cofferdam", ...words);
    if (status !== 0) throw new Error(`cofferdam ${words.join(" ")}: ${out}${err}`);
    return out;
  }
}
