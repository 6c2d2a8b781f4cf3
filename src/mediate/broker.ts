import type { Policy } from "../model/policy.ts";
import type { Plan } from "../plan/plan.ts";
import { policyOfPlan } from "../plan/policy-of-plan.ts";
import { Grants } from "./grants.ts";
import { Identity } from "./identity.ts";
import { Mounts } from "./mounts.ts";
import { SelfConfined } from "./self-confined.ts";
import { Threads } from "./threads.ts";

/** What every handler may use: one for the life of a mediator. */
export class Broker {
  readonly plan: Plan;
  readonly policy: Policy;
  readonly grants: Grants;
  readonly identity = new Identity();
  readonly mounts: Mounts;
  readonly selfConfined = new SelfConfined();
  readonly threads = new Threads();

  readonly #listed: ReadonlySet<string>;

  /** `mayWait`: calls on slow file systems are done here. */
  constructor(plan: Plan, mayWait: boolean) {
    this.mounts = new Mounts(mayWait);
    this.plan = plan;
    this.policy = policyOfPlan(plan);
    this.grants = new Grants(plan);
    const { syscalls } = this.policy;
    const denied = new Set(syscalls.filter((rule) => rule.effect === "deny").map((rule) => rule.token));
    this.#listed = new Set(syscalls.map((rule) => rule.token).filter((token) => !denied.has(token)));
  }

  /** The policy lists the system call: calls outside the list reach the mediator too. */
  lists(name: string): boolean {
    return this.#listed.has(name);
  }
}
