import { diagnose } from "../../diagnostics/diagnose.ts";
import { landlockSays } from "../../model/landlock-ports.ts";
import { Permission } from "../../model/permission.ts";
import type { AddressRule, Policy } from "../../model/policy.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";

const SOCKET_NAMES = Permission.connect | Permission.listen;

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
  // Landlock holds TCP ports for every address, of sealed domains alone.
  const goesAnywhere = !supervised && isThere("landlock-tcp") && goesUnasked(policy);
  const datagrams = policy.addresses.filter(
    ({ effect, operation, protocol }) =>
      !isThere("cgroup-inet") &&
      !goesAnywhere &&
      effect === "allow" &&
      operation === "connect" &&
      protocol === "udp",
  );
  for (const { source } of datagrams)
    report(diagnose("brokered-datagrams", spanOf(source), { rule: source.text }));
  const brokered = [
    ...policy.addresses.filter(
      ({ effect, operation, network, protocol }) =>
        !isThere("cgroup-inet") &&
        (protocol === "udp"
          ? effect === "allow" && operation === "listen"
          : supervised || network !== null),
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
 * As root and as an ordinary user the mediator is asked about nothing that the domain connects or
 * sends: Landlock holds all that the policy says of addresses, and no datagram can go to a unix
 * socket's name.
 */
function goesUnasked({ addresses, names }: Policy): boolean {
  const hasUnixSockets = names.some(
    ({ effect, permissions }) => effect === "allow" && (permissions & SOCKET_NAMES) !== 0,
  );
  return !hasUnixSockets && landlockSays(addresses);
}

/**
 * Programs of a control group hold the sockets that are made in it, and those that a daemon is
 * started with are made by the service manager (`compile/sockets/activation.ts`). Without programs
 * a supervised domain is asked about each connect and send, whoever made the socket.
 */
function checkActivation(policy: Policy, programs: boolean, report: Parameters<Check>[2]): void {
  const listens = policy.inherit.find(
    ({ token, effect }) => token === "listen" && effect === "allow",
  );
  const supervised = policy.mediation === "supervised";
  if (listens === undefined || (supervised && !programs)) return;
  const elsewhere = programs ? " from elsewhere than a socket unit" : "";
  const tcp = supervised ? "TCP" : "TCP by address";
  const isAsked = supervised ? isTcp : isTcpByAddress;
  const kinds = [
    ...(policy.addresses.some(({ protocol }) => protocol === "udp") ? [`UDP${elsewhere}`] : []),
    ...(policy.names.some(({ permissions }) => (permissions & Permission.connect) !== 0)
      ? ["unix datagrams"]
      : []),
    ...(policy.addresses.some(isAsked) ? [`${tcp}${elsewhere}`] : []),
  ];
  if (kinds.length === 0) return;
  report(diagnose("activation-socket", spanOf(listens.source), { kinds: kinds.join(", ") }));
}

function isTcp({ protocol }: AddressRule): boolean {
  return protocol === "tcp";
}

function isTcpByAddress({ protocol, operation, network }: AddressRule): boolean {
  return protocol === "tcp" && operation === "connect" && network !== null;
}
