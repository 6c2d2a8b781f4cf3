import { LANDLOCK_ACCESS_FS_TRUNCATE } from "../../kernel/constants.ts";
import type { HostFacts } from "../../kernel/host-facts.ts";
import type { SealedContext, SocketGrants } from "../../kernel/system-calls/sealed-context.ts";
import type { GrantedWords } from "../../kinds/model.ts";
import { reachesEveryProcess } from "../../kinds/signals/compile.ts";
import { deniedTokens, granted } from "../../model/granted.ts";
import { coveringPorts } from "../../model/landlock-ports.ts";
import { Permission } from "../../model/permission.ts";
import type { Policy } from "../../model/policy.ts";
import { targetAccess } from "../attended.ts";
import { wordsOfCalls } from "../held-words.ts";
import { handledRights } from "../landlock/rights.ts";
import type { SocketModes } from "../sockets/modes.ts";
import { grantedProtocols } from "../sockets/protocols.ts";

export function filterContext(
  policy: Policy,
  facts: HostFacts,
  decided: {
    modes: SocketModes;
    brokered: SealedContext["brokered"];
    held: GrantedWords;
    /** The daemon is started with sockets that were made elsewhere. */
    given?: boolean;
  },
): SealedContext {
  const handsOver =
    facts.features["seccomp-addfd"].state === "yes" && targetAccess(facts).state === "yes";
  return {
    listed: granted(policy.syscalls),
    denied: deniedTokens(policy.syscalls),
    listener: facts.features["seccomp-notify"].state === "yes",
    handsOver,
    brokered: decided.brokered,
    sockets: socketGrants(policy, decided.modes, decided.given === true),
    words: wordsOfCalls(decided.held),
    coreDumps: policy.coreDumps === "allowed",
    // A policy that grants `any` signals all processes but Cofferdam's own, which Landlock's scope
    // cannot express.
    signalsHeld: facts.features["landlock-scope"].state === "yes" && !reachesEveryProcess(policy),
    lateNames: handsOver ? policy.lateNames : "sealed",
    truncateHeld: (handledRights(facts) & LANDLOCK_ACCESS_FS_TRUNCATE) !== 0n,
  };
}

function socketGrants(
  { addresses, sockets, names }: Policy,
  modes: SocketModes,
  given: boolean,
): SocketGrants {
  const grantsProtocol = (wanted: "tcp" | "udp") =>
    addresses.some(({ effect, protocol }) => effect === "allow" && protocol === wanted);
  const everywhere = addresses.filter(
    ({ network, effect }) => network === null || effect === "deny",
  );
  const listens = coveringPorts(
    everywhere.map((rule) => ({ ...rule, network: null })),
    "listen",
  );
  return {
    inet: modes.inet.mode,
    unix: modes.unix.mode,
    tcp: grantsProtocol("tcp"),
    udp: grantsProtocol("udp"),
    datagrams:
      given ||
      grantsProtocol("udp") ||
      names.some(
        ({ effect, permissions }) => effect === "allow" && (permissions & Permission.connect) !== 0,
      ),
    listensAnywhere: listens.some(({ first }) => first === 0),
    netlink: grantedProtocols(sockets, "netlink"),
    ping: grantedProtocols(sockets, "ping"),
    raw: grantedProtocols(sockets, "raw"),
    packet: grantedProtocols(sockets, "packet"),
    vsock: grantedProtocols(sockets, "vsock"),
  };
}
