import { processOf, wallClock } from "../../events/collector/cgroup-refusals.ts";
import type { Event, EventProcess } from "../../events/event.ts";
import { stamp } from "../../events/identity.ts";
import { loggedRequest } from "../../events/logged-request.ts";
import { remedyOf } from "../../events/remedy.ts";
import type { CapabilityUse, CapabilityUses } from "../../kernel/bpf/capability-uses.ts";
import { name as syscallName } from "../../kernel/syscalls.ts";
import { privilegeCalls } from "../../kernel/system-calls/privileges.ts";
import {
  type CapabilityName,
  capabilityNames,
  neededCapabilities,
  takenInstead,
} from "../../kinds/capabilities/model.ts";
import type { Broker } from "../domain/broker.ts";
import type { HostUses } from "../domain/host-uses.ts";
import { RECORDS_LOOK_MS, USES_TRY_AGAIN_MS } from "../limits.ts";
import type { Reporter } from "./reporter.ts";
import { runGroup } from "./run-group.ts";

/**
 * `NAME CALL` where the kernel also asks without need: setuid to the present user, for example. The
 * mediator judges such calls by their values. capset asks for setpcap, and needs it only for
 * inheritable capabilities that the process does not have.
 */
const judgedByValue: ReadonlySet<string> = new Set([
  ...privilegeCalls.map(({ name, capability }) => `${capability} ${name}`),
  "setpcap capset",
]);

/**
 * Reports, at level warning, the capabilities that the policy does not grant and that the kernel
 * found that a call of the domain needs. The kernel's own check is recorded
 * (`bpf/cofferdam_capabilities.bpf.c`), so this also covers what no register shows: a file of
 * another user, a port below 1024.
 */
export class UsedCapabilities {
  readonly #broker: Broker;
  readonly #reporter: Reporter;
  readonly #host: HostUses;
  #group: bigint | null = null;
  #uses: CapabilityUses | null = null;
  #mask = 0n;
  #seen = -1n;
  #due = Number.POSITIVE_INFINITY;
  #hasFailed = false;

  constructor(broker: Broker, reporter: Reporter, host: HostUses) {
    this.#broker = broker;
    this.#reporter = reporter;
    this.#host = host;
  }

  /**
   * Called before each call, of thread `tid`. A domain's first call is its daemon's execution, so
   * the daemon does nothing before its group is watched.
   */
  begin(tid: number): void {
    if (this.#group !== null || this.#hasFailed) return;
    this.#group = runGroup(this.#broker.plan, tid);
    if (this.#group !== null) this.look();
    else this.#fail("its control group is not known");
  }

  /** On the clock of performance.now(); infinite for never. */
  get due(): number {
    return this.#due;
  }

  look(): void {
    this.#follow();
    this.#report();
    const isMissing = this.#uses === null && this.#broker.level() === "warning";
    const pause = isMissing ? USES_TRY_AGAIN_MS : RECORDS_LOOK_MS;
    this.#due = this.#hasFailed ? Number.POSITIVE_INFINITY : performance.now() + pause;
  }

  close(): void {
    this.#report();
    this.abandon();
  }

  abandon(): void {
    if (this.#group !== null) this.#uses?.unwatch(this.#group);
    this.#uses = null;
  }

  /**
   * Watches the group at level warning, for what the policy in force does not grant, and for
   * granted capabilities until they were used.
   */
  #follow(): void {
    if (this.#group === null) return;
    if (this.#broker.level() !== "warning") {
      this.#report();
      this.abandon();
      return;
    }
    this.#broker.refresh();
    const { grantedCapabilities, unusedCapabilities } = this.#broker;
    const mask = neededCapabilities(grantedCapabilities & ~unusedCapabilities);
    if (this.#uses !== null && mask === this.#mask) return;
    try {
      this.#uses ??= this.#host.get();
      this.#uses?.watch(this.#group, mask);
      this.#mask = mask;
    } catch (cause) {
      this.abandon();
      this.#fail(String(cause));
    }
  }

  #fail(why: string): void {
    this.#hasFailed = true;
    this.#reporter.failed("unavailable", `the capabilities that it uses (${why})`);
  }

  #report(): void {
    if (this.#uses === null || this.#group === null) return;
    const { used } = this.#uses;
    if (used === this.#seen) return;
    this.#seen = used;
    const processes = new Map<string, EventProcess>();
    for (const use of this.#uses.take(this.#group)) {
      const event = this.#eventOf(use, processes);
      if (event !== null) this.#reporter.recorded(event);
    }
  }

  /** Whether the policy grants a capability that the kernel takes in its place. */
  #hasInstead(name: CapabilityName): boolean {
    const other = takenInstead[name];
    const request = other && ({ class: "capability", name: other } as const);
    return request !== undefined && this.#broker.decide(request).outcome === "granted";
  }

  /** null for what is granted by now, and for what the mediator has told by the call itself. */
  #eventOf(use: CapabilityUse, processes: Map<string, EventProcess>): Event | null {
    const { domain, number } = this.#broker.plan;
    const name = capabilityNames[use.capability];
    if (name === undefined) return null;
    const call = syscallName(use.call);
    const byCall = `${name} ${call}`;
    const request = { class: "capability", name } as const;
    const decision = this.#broker.decide(request);
    if (decision.outcome === "granted" || this.#hasInstead(name)) return null;
    if (judgedByValue.has(byCall) || this.#broker.capabilitiesTold.has(byCall)) return null;
    return {
      ...stamp(wallClock(use.first)),
      domain,
      number,
      level: "warning",
      engine: "landlock",
      source: "kernel",
      verdict: "warning",
      class: "capability",
      operation: "use",
      object: call === null ? name : `${name} for ${call}`,
      request: loggedRequest(request),
      rule: decision.by?.text ?? null,
      reason: decision.reason,
      ...remedyOf(this.#broker.policy, request, decision.reason),
      process: processOf(use, processes),
      count: use.count,
    };
  }
}
