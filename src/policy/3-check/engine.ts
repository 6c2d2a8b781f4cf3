import { diagnose } from "../../diagnostics/diagnose.ts";
import { startOf } from "../../diagnostics/diagnostic.ts";
import { differencesOf } from "../../model/engines/differences.ts";
import { landlockSays, landlockSaysTcp } from "../../model/landlock-ports.ts";
import { Permission } from "../../model/permission.ts";
import { KERNEL_ALONE, type Policy } from "../../model/policy.ts";
import { grantsUdpAnswers, listensOnUdp } from "../../model/udp-destinations.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";

const SOCKET_NAMES = Permission.connect | Permission.listen;

/**
 * What the landlock engine does not do, or only at a price. Where the host's engine is bpf-lsm, the
 * launcher's domains are still landlock's.
 */
export const checkEngine: Check = (policy, { facts, engine, file }, report) => {
  if (engine === "bpf-lsm") tellDifferences(policy, file, report);
  if (policy.mediation === KERNEL_ALONE) {
    const { name } = policy;
    if (engine !== "bpf-lsm") report(diagnose("kernel-alone", startOf(file ?? name), { name }));
    // What follows is about starts that landlock makes.
    return;
  }
  for (const { source } of engine === "bpf-lsm" ? [] : policy.transitions) {
    report(
      diagnose("transition-not-made", spanOf(source), { rule: source.text, name: policy.name }),
    );
  }
  const mayHave = (feature: "cgroup-inet" | "landlock-tcp") =>
    !facts || facts.features[feature]?.state === "yes";
  checkActivation(policy, mayHave("cgroup-inet"), mayHave("landlock-tcp"), report);
  if (!facts) return;
  const supervised = policy.mediation === "supervised";
  const isThere = (feature: keyof typeof facts.features) =>
    facts.features[feature]?.state === "yes";
  // Landlock holds TCP ports for every address, in sealed domains only.
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
  if (!isThere("cgroup-inet") && grantsUdpAnswers(policy.addresses)) {
    for (const { source } of policy.addresses.filter(listensOnUdp))
      report(diagnose("unheld-answers", spanOf(source), { rule: source.text }));
  }
};

/** Each difference once, at the first line that means something else by it. */
function tellDifferences(
  policy: Policy,
  file: string | undefined,
  report: Parameters<Check>[2],
): void {
  for (const { difference, lines } of differencesOf(policy)) {
    const { lsm: how, way } = difference;
    const [first] = lines;
    const source = lines.find((line) => line.source !== null)?.source;
    const place = source ? spanOf(source) : file === undefined ? null : startOf(file);
    if (first === undefined || place === null) continue;
    const help = difference.help || "see docs/engine-differences.md";
    const code = way === "stricter" ? "needs-more" : "held-otherwise";
    report(diagnose(code, place, { rule: first.text, how, help }));
  }
}

/**
 * Whether the mediator is notified of no connect or send, neither as root nor as an ordinary user:
 * Landlock holds all that the policy says of addresses, and no datagram can go to a unix socket's
 * name.
 */
function goesUnasked({ addresses, names }: Policy): boolean {
  const hasUnixSockets = names.some(
    ({ effect, permissions }) => effect === "allow" && (permissions & SOCKET_NAMES) !== 0,
  );
  return !hasUnixSockets && landlockSays(addresses);
}

/**
 * Programs of a control group hold the sockets that are made in it. Inherited sockets are made by
 * the service manager, in another group (`compile/sockets/activation.ts`). Without programs each
 * connect and send of a supervised domain is notified, on any socket.
 */
function checkActivation(
  policy: Policy,
  programs: boolean,
  landlockTcp: boolean,
  report: Parameters<Check>[2],
): void {
  const listens = policy.inherit.find(
    ({ token, effect }) => token === "listen" && effect === "allow",
  );
  const supervised = policy.mediation === "supervised";
  if (listens === undefined || (supervised && !programs)) return;
  const elsewhere = programs ? " from elsewhere than a socket unit" : "";
  const hasTcp = policy.addresses.some(({ protocol }) => protocol === "tcp");
  const isTcpHeld = !supervised && landlockTcp && landlockSaysTcp(policy.addresses, "connect");
  const kinds = [
    ...(policy.addresses.some(({ protocol }) => protocol === "udp") ? [`UDP${elsewhere}`] : []),
    ...(policy.names.some(({ permissions }) => (permissions & Permission.connect) !== 0)
      ? ["unix datagrams"]
      : []),
    ...(hasTcp && !isTcpHeld ? [`TCP${elsewhere}`] : []),
  ];
  if (kinds.length === 0) return;
  report(diagnose("activation-socket", spanOf(listens.source), { kinds: kinds.join(", ") }));
}
