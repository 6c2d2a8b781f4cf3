import { diagnose } from "../../diagnostics/diagnose.ts";
import { Permission } from "../../model/permission.ts";
import type { AddressRule, Policy } from "../../model/policy.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";

/** What the landlock engine does not do, or does only at a price. */
export const checkEngine: Check = (policy, { facts }, report) => {
  for (const rule of policy.names) {
    if (rule.effect === "allow" && (rule.permissions & Permission.map) !== 0) {
      report(diagnose("map-unmediated", spanOf(rule.source), { rule: rule.source.text }));
    }
  }
  for (const { source } of policy.transitions) {
    report(
      diagnose("transition-not-made", spanOf(source), { rule: source.text, name: policy.name }),
    );
  }
  checkActivation(policy, !facts || facts.features["cgroup-inet"]?.state === "yes", report);
  if (!facts) return;
  const supervised = policy.mediation === "supervised";
  const isThere = (feature: keyof typeof facts.features) =>
    facts.features[feature]?.state === "yes";
  const brokered = [
    // Landlock holds TCP ports for every address, of sealed domains alone.
    ...policy.addresses.filter(
      ({ network, protocol }) =>
        !isThere("cgroup-inet") && (supervised || network !== null || protocol === "udp"),
    ),
    ...policy.names.filter(
      ({ permissions }) =>
        (permissions & Permission.connect) !== 0 &&
        !isThere("cgroup-unix") &&
        (supervised || !isThere("landlock-unix")),
    ),
  ];
  for (const { source } of brokered)
    report(diagnose("brokered-address", spanOf(source), { rule: source.text }));
};

/**
 * Programs of a control group hold the sockets that are made in it, and those that a daemon is
 * started with are made by the service manager (`compile/sockets/activation.ts`).
 */
function checkActivation(policy: Policy, programs: boolean, report: Parameters<Check>[2]): void {
  const listens = policy.inherit.find(
    ({ token, effect }) => token === "listen" && effect === "allow",
  );
  if (listens === undefined || policy.mediation !== "sealed") return;
  const elsewhere = programs ? " from elsewhere than a socket unit" : "";
  const kinds = [
    ...(policy.addresses.some(({ protocol }) => protocol === "udp") ? [`UDP${elsewhere}`] : []),
    ...(policy.names.some(({ permissions }) => (permissions & Permission.connect) !== 0)
      ? ["unix datagrams"]
      : []),
    ...(policy.addresses.some(isTcpByAddress) ? [`TCP by address${elsewhere}`] : []),
  ];
  if (kinds.length === 0) return;
  report(diagnose("activation-socket", spanOf(listens.source), { kinds: kinds.join(", ") }));
}

function isTcpByAddress({ protocol, operation, network }: AddressRule): boolean {
  return protocol === "tcp" && operation === "connect" && network !== null;
}
