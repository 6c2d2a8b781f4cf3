import { wrap } from "../../base/wrap.ts";
import { sealedFallbacks, supervisedFallbacks } from "../../compile/fallback-rows.ts";
import { missingForEvery } from "../../compile/fallbacks.ts";
import { crashWords } from "../../kernel/core-pattern.ts";
import {
  type FeatureName,
  featureNames,
  type HostFacts,
  type Probe,
  whyMissing,
} from "../../kernel/host-facts.ts";
import { table } from "./table.ts";

/**
 * What a person gets from the feature. Ends the sentence "with it, ...". What is done without it:
 * docs/fallbacks.md.
 */
const meaning: Readonly<Record<FeatureName, string>> = {
  "landlock-files": "the kernel holds a domain to its files; without it nothing can be sealed",
  "landlock-tcp": "the kernel holds TCP ports; else every connect and bind is brokered",
  "landlock-ioctl": "the kernel holds ioctls on devices",
  "landlock-scope": "signals and abstract sockets stay inside the domain",
  "landlock-log": "the kernel records what it refuses",
  "landlock-unix": "the kernel holds connections to unix sockets by name",
  "restrict-without-nnp": "a domain may run set-user-id programs that its policy names",
  "seccomp-notify":
    "the broker answers for names the kernel cannot express; without it nothing can be sealed",
  "seccomp-addfd": "the broker hands opened files over",
  "seccomp-wait-killable": "signals do not disturb a call that is being answered",
  "seccomp-sync-wakeup": "the broker answers three times faster",
  "target-access": "the broker reads what a call asks for",
  "memfd-noexec": "memory files cannot be run as programs",
  openat2: "the broker opens names without following links",
  "cgroup-inet": "addresses and UDP are held by the kernel",
  "cgroup-unix": "unix sockets are held by the kernel by name",
  "private-ipc": "a domain gets its own System V and message queues",
  "audit-read": "refusals of the kernel become events",
  "bpf-lsm": "the bpf-lsm engine could run (not built yet)",
};

const answers = { yes: "yes", no: "no", unknown: "could not tell" } as const satisfies Record<
  Probe["state"],
  string
>;

export type Ability =
  | { readonly state: "able" }
  | { readonly state: "unable"; readonly missing: readonly FeatureName[] };

/** Whether this host can seal a domain at all. */
export function sealingAbility(facts: HostFacts): Ability {
  return able(missingForEvery(facts, sealedFallbacks));
}

/** Whether it can supervise one, at level warning or enforcing. */
export function supervisingAbility(facts: HostFacts): Ability {
  return able(missingForEvery(facts, supervisedFallbacks));
}

function able(missing: readonly FeatureName[]): Ability {
  return missing.length === 0 ? { state: "able" } : { state: "unable", missing };
}

export function renderDoctor(
  facts: HostFacts,
  width: number,
  unseen: readonly string[] = [],
): string {
  const rows = featureNames.map((name) => {
    const probe = facts.features[name];
    const text =
      probe.state === "yes"
        ? meaning[name]
        : `${whyMissing(name, probe)}; with it, ${meaning[name]}`;
    return [name, answers[probe.state], text];
  });
  const ability = sealingAbility(facts);
  const verdict =
    ability.state === "able"
      ? "This host can seal domains. What stands in for a missing feature: docs/fallbacks.md."
      : `This host cannot seal a domain: it lacks ${ability.missing.join(" and ")}.`;
  const supervising = supervisingAbility(facts);
  const supervised =
    supervising.state === "able"
      ? "It can supervise them, at level warning too."
      : `It cannot supervise one, so that there is no level warning: it lacks ${supervising.missing.join(" and ")}.`;
  return [
    ...heading(facts, width),
    "",
    table(rows, width),
    wrap(`${verdict} ${supervised}`, width, ""),
    ...unseen.map((text) => wrap(`Not in the event log: ${text}.`, width, "")),
    "",
  ].join("\n");
}

function heading(facts: HostFacts, width: number): readonly string[] {
  const { uid, capabilities } = facts.caller;
  return [
    `kernel    ${facts.kernel.release} ${facts.kernel.machine}, Landlock ABI ${facts.landlockAbi || "none"}`,
    `caller    uid ${uid}, capabilities ${capabilities.toString(16).padStart(16, "0")}`,
    `cgroup 2  ${facts.cgroup2 ?? "not mounted"}`,
    wrap(`crashes   a crash ${crashWords(facts.corePattern)}`, width, " ".repeat(10)),
    ...(facts.ptraceScope === 0 ? [] : [`ptrace    Yama's ptrace_scope is ${facts.ptraceScope}`]),
  ];
}
