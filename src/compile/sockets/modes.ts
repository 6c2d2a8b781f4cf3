import type { HostFacts } from "../../kernel/host-facts.ts";
import type { SocketMode } from "../../kernel/system-calls/sealed-context.ts";
import { landlockSays } from "../../model/landlock-ports.ts";
import { Permission } from "../../model/permission.ts";
import type { Policy } from "../../model/policy.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { whyNotCompared } from "../../model/unix-names/pattern.ts";
import { unsoundUnixGrants } from "../../model/unix-names/unsound.ts";
import { targetAccess } from "../attended.ts";

export interface Holding {
  readonly mode: SocketMode;
  readonly by: "landlock" | "cgroup" | "broker" | "nothing";
  readonly granted: boolean;
  readonly why: string;
}

export interface SocketModes {
  readonly inet: Holding;
  readonly unix: Holding;
}

const socketNames = Permission.connect | Permission.listen;
const notGranted: Holding = {
  mode: "refused",
  by: "nothing",
  granted: false,
  why: "the policy grants none",
};

/**
 * The first mode that works: the kernel alone, the mediator on the target's own socket, or no
 * sockets at all. For sockets that the daemon makes; `activation.ts` is about inherited ones.
 */
export function socketModes(
  policy: Policy,
  facts: HostFacts,
  cgroupPossible: boolean,
  snapshot: Snapshot,
): SocketModes {
  const cgroup = cgroupPossible && facts.cgroup2 !== null;
  return { inet: inet(policy, facts, cgroup), unix: unix(policy, facts, cgroup, snapshot) };
}

function inet({ addresses }: Policy, facts: HostFacts, cgroup: boolean): Holding {
  if (!addresses.some(({ effect }) => effect === "allow")) return notGranted;
  if (cgroup && yes(facts, "cgroup-inet")) {
    return {
      mode: "kernel",
      by: "cgroup",
      granted: true,
      why: "cgroup programs judge address, protocol and port",
    };
  }
  if (yes(facts, "landlock-tcp") && landlockSays(addresses)) {
    return {
      mode: "kernel",
      by: "landlock",
      granted: true,
      why: addresses.some(({ protocol }) => protocol === "udp")
        ? "TCP ports for every address are Landlock's, and UDP may go everywhere"
        : "TCP ports for every address are Landlock's",
    };
  }
  return broker(
    facts,
    `addresses, UDP or long port ranges, and ${withoutPrograms(facts, "cgroup-inet")}`,
  );
}

function unix(policy: Policy, facts: HostFacts, cgroup: boolean, snapshot: Snapshot): Holding {
  const granted = policy.names.some(
    ({ effect, permissions }) => effect === "allow" && (permissions & socketNames) !== 0,
  );
  if (!granted) return notGranted;
  if (cgroup && yes(facts, "cgroup-unix")) {
    const unsound = leadsElsewhere(policy, snapshot);
    if (unsound === null)
      return {
        mode: "kernel",
        by: "cgroup",
        granted: true,
        why: "cgroup programs compare the kernel's copy of the name",
      };
    return broker(facts, unsound);
  }
  return broker(facts, withoutPrograms(facts, "cgroup-unix"));
}

/** Reasons other than the policy. */
export function withoutPrograms(facts: HostFacts, feature: "cgroup-inet" | "cgroup-unix"): string {
  if (facts.caller.uid !== 0) return "cgroup programs are root's alone";
  const probe = facts.features[feature];
  if (probe.state !== "yes") return `this host has no such cgroup programs (${probe.why})`;
  return "no control groups version 2 are mounted";
}

/** Why a name that a program compared as text may lead elsewhere; null if it cannot. */
export function leadsElsewhere(policy: Policy, snapshot: Snapshot): string | null {
  const [unsound] = unsoundUnixGrants(policy);
  if (unsound?.why === "root")
    return "the domain may chroot or mount, which gives names another meaning";
  if (unsound !== undefined) {
    const name = unsound.example === null ? "" : `, for example of ${unsound.example}`;
    return `the domain can itself replace a component of a granted socket's name${name}`;
  }
  for (const rule of policy.names) {
    const why = whyNotCompared(rule, snapshot);
    if (why !== null) return `\`${rule.source.text}\` ${why}`;
  }
  return null;
}

function broker(facts: HostFacts, why: string): Holding {
  if (yes(facts, "seccomp-notify") && targetAccess(facts).state === "yes")
    return { mode: "broker", by: "broker", granted: true, why };
  return {
    mode: "refused",
    by: "nothing",
    granted: true,
    why: `${why}, and the broker cannot reach the daemon's sockets`,
  };
}

function yes(facts: HostFacts, feature: keyof HostFacts["features"]): boolean {
  return facts.features[feature].state === "yes";
}
