import {
  LANDLOCK_ACCESS_NET_BIND_TCP,
  LANDLOCK_ACCESS_NET_CONNECT_TCP,
  LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON,
  LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET,
  LANDLOCK_SCOPE_SIGNAL,
} from "../../kernel/constants.ts";
import type { HostFacts } from "../../kernel/host-facts.ts";
import { reachesEveryProcess } from "../../kinds/signals/compile.ts";
import { landlockPorts } from "../../model/landlock-ports.ts";
import { alternatives, parsePattern } from "../../model/pattern.ts";
import { Permission } from "../../model/permission.ts";
import type { Policy } from "../../model/policy.ts";
import type { SealedView } from "../../model/sealed-view.ts";
import type { LandlockPlan } from "../../plan/plan.ts";
import { isUtf8Name } from "../utf8-name.ts";
import { directoryRights, fileRights, handledRights } from "./rights.ts";

export function landlockLayer(policy: Policy, view: SealedView, facts: HostFacts): LandlockPlan {
  const handledFs = handledRights(facts);
  return {
    handledFs,
    ...net(policy, facts),
    scoped: scopes(policy, facts),
    restrictFlags:
      facts.features["landlock-log"].state === "yes" ? LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON : 0,
    paths: paths(view, handledFs),
  };
}

function paths(view: SealedView, handled: bigint): LandlockPlan["paths"] {
  const directories = view.directories.map(({ path, rights, refer }) => ({
    path,
    directory: true,
    rights: directoryRights(rights, refer) & handled,
  }));
  const files = view.inodes.map(({ path, rights }) => ({
    path,
    directory: false,
    rights: fileRights(rights) & handled,
  }));
  return (
    [...directories, ...files]
      // A plan cannot contain a name that is not UTF-8; `report.ts` lists it as lost.
      .filter(({ path, rights }) => rights !== 0n && isUtf8Name(path))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
  );
}

/**
 * A right is handled unless every port is granted, or unless it has too many ports for a start and
 * another layer checks them.
 */
function net({ addresses }: Policy, facts: HostFacts): Pick<LandlockPlan, "handledNet" | "ports"> {
  if (facts.features["landlock-tcp"].state !== "yes") return { handledNet: 0n, ports: [] };
  let handledNet = 0n;
  const rights = new Map<number, bigint>();
  for (const [operation, right] of [
    ["connect", LANDLOCK_ACCESS_NET_CONNECT_TCP],
    ["listen", LANDLOCK_ACCESS_NET_BIND_TCP],
  ] as const) {
    const granted = landlockPorts(addresses, operation);
    if (granted.kind !== "ports") continue;
    handledNet |= right;
    for (const port of granted.ports) rights.set(port, (rights.get(port) ?? 0n) | right);
  }
  const ports = [...rights]
    .map(([port, right]) => ({ port, rights: right }))
    .sort((a, b) => a.port - b.port);
  return { handledNet, ports };
}

/**
 * Landlock's scopes are all or nothing, so they are set only if the policy grants nothing outside
 * the domain.
 */
function scopes(policy: Policy, facts: HostFacts): bigint {
  if (facts.features["landlock-scope"].state !== "yes") return 0n;
  const outside = policy.names.some(
    ({ effect, permissions, pattern }) =>
      effect === "allow" && (permissions & Permission.connect) !== 0 && mayBeAbstract(pattern),
  );
  return (
    (outside ? 0n : LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET) |
    (reachesEveryProcess(policy) ? 0n : LANDLOCK_SCOPE_SIGNAL)
  );
}

function mayBeAbstract(pattern: string): boolean {
  const parsed = parsePattern(pattern);
  return "problem" in parsed || alternatives(parsed.pattern).some((text) => text.startsWith("@"));
}
