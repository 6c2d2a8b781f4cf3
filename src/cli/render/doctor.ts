import { wrap } from "../../base/wrap.ts";
import { sealedFallbacks, supervisedFallbacks } from "../../compile/fallback-rows.ts";
import { missingForEvery } from "../../compile/fallbacks.ts";
import { ENGINE_KEY, type EngineChoice } from "../../host/engine.ts";
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
 * What the feature gives a person, worded to follow "with it, ". docs/fallbacks.md says what
 * Cofferdam does without it.
 */
const meaning: Readonly<Record<FeatureName, string>> = {
  "landlock-files": "the kernel enforces rules on files; without it no domain can be sealed",
  "landlock-tcp":
    "the kernel enforces rules on TCP ports; without it the mediator decides every connect and " +
    "bind",
  "landlock-ioctl": "the kernel enforces rules on ioctls of devices",
  "landlock-scope": "signals and abstract sockets stay inside the domain",
  "landlock-log": "the kernel records what it refuses",
  "landlock-unix": "the kernel enforces rules on names of unix sockets",
  "restrict-without-nnp": "a domain may run set-user-id programs that its policy names",
  "seccomp-notify":
    "the mediator decides what the kernel cannot; without it no domain can be sealed",
  "seccomp-addfd": "the mediator can open files for a daemon",
  "seccomp-wait-killable": "a signal does not interrupt a call that the mediator is making",
  "seccomp-sync-wakeup": "the mediator answers three times faster",
  "target-access": "the mediator can read the arguments of a call",
  "memfd-noexec": "memory files cannot be run as programs",
  mdwe: "the kernel keeps written memory from being executed, beneath the filter",
  openat2: "the mediator can open names without following links",
  "cgroup-inet": "the kernel enforces rules on addresses and UDP",
  "cgroup-unix": "the kernel enforces rules on unix sockets",
  "private-ipc": "a domain gets its own System V and message queues",
  "audit-read": "refusals of the kernel become events",
  "bpf-lsm": "the bpf-lsm engine can be used (experimental)",
};

const answers = { yes: "yes", no: "no", unknown: "could not tell" } as const satisfies Record<
  Probe["state"],
  string
>;

export type Ability =
  | { readonly state: "able" }
  | { readonly state: "unable"; readonly missing: readonly FeatureName[] };

export function sealingAbility(facts: HostFacts): Ability {
  return able(missingForEvery(facts, sealedFallbacks));
}

/** Whether this host can supervise one, at level warning or enforcing. */
export function supervisingAbility(facts: HostFacts): Ability {
  return able(missingForEvery(facts, supervisedFallbacks));
}

function able(missing: readonly FeatureName[]): Ability {
  return missing.length === 0 ? { state: "able" } : { state: "unable", missing };
}

export function renderDoctor(
  facts: HostFacts,
  engine: EngineChoice,
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
      ? "This host can seal domains. docs/fallbacks.md says what replaces a missing feature."
      : `This host cannot seal a domain: it lacks ${ability.missing.join(" and ")}.`;
  const supervising = supervisingAbility(facts);
  const supervised =
    supervising.state === "able"
      ? "It can also supervise domains, as level warning requires."
      : "It cannot supervise domains, so level warning is impossible: it lacks " +
        `${supervising.missing.join(" and ")}.`;
  return [
    ...heading(facts, width),
    ...engineLines(engine, width),
    "",
    table(rows, width),
    wrap(`${verdict} ${supervised}`, width, ""),
    ...engineVerdict(engine).map((text) => wrap(text, width, "")),
    ...unseen.map((text) => wrap(`Not in the event log: ${text}.`, width, "")),
    "",
  ].join("\n");
}

function engineLines({ engine, why, other, whyNotOther }: EngineChoice, width: number) {
  const indent = " ".repeat(10);
  return [
    wrap(`engine    ${engine}: ${why}`, width, indent),
    wrap(`${indent}not ${other}: ${whyNotOther}`, width, indent),
  ];
}

function engineVerdict({ engine, lacks }: EngineChoice): readonly string[] {
  if (engine !== "bpf-lsm" || lacks === null) return [];
  return [
    `The bpf-lsm engine cannot be used here: ${lacks}. So nothing enters a domain by itself, and ` +
      "units that would enter one at enforcing are not started. Boot a kernel that takes it, or: " +
      `cofferdam settings set ${ENGINE_KEY} auto`,
  ];
}

function heading(facts: HostFacts, width: number): readonly string[] {
  const { uid, capabilities } = facts.caller;
  return [
    `kernel    ${facts.kernel.release} ${facts.kernel.machine}, Landlock ABI ` +
      `${facts.landlockAbi || "none"}`,
    `caller    uid ${uid}, capabilities ${capabilities.toString(16).padStart(16, "0")}`,
    `cgroup 2  ${facts.cgroup2 ?? "not mounted"}`,
    wrap(`crashes   a crash ${crashWords(facts.corePattern)}`, width, " ".repeat(10)),
    ...(facts.ptraceScope === 0 ? [] : [`ptrace    Yama's ptrace_scope is ${facts.ptraceScope}`]),
  ];
}
