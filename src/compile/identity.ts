import { capabilityMask } from "../kernel/capability-mask.ts";
import { CAP_SETGID, CAP_SETUID } from "../kernel/constants.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import { boundingOf } from "../kinds/capabilities/compile.ts";
import type { Policy } from "../model/policy.ts";
import type { Identity } from "../plan/plan.ts";
import { type Accounts, idOf } from "./accounts.ts";
import { type CompileProblem, problem } from "./problem.ts";

/**
 * `accounts` may be null only if the policy names neither user nor group. `kinds/ipc/compile.ts`
 * decides about a private IPC namespace; the rest follows from policy and caller.
 */
export function identityOf(
  policy: Policy,
  facts: HostFacts,
  accounts: Accounts | null,
  privateIpc: boolean,
): { readonly identity: Identity; readonly problems: readonly CompileProblem[] } {
  const problems: CompileProblem[] = [];
  const user = chosenUser(policy, facts, accounts, problems);
  const bounding = boundingOf(policy);
  const noNewPrivileges = policy.setUserId.length === 0;
  if (!noNewPrivileges && facts.features["restrict-without-nnp"].state !== "yes") {
    problems.push(problem("set-user-id-needs-root", { path: policy.setUserId[0] ?? "" }));
  }
  // Only a change from root to another user loses capabilities that the policy grants.
  const ambient = user !== null && user.uid !== 0 ? bounding & facts.caller.capabilities : 0n;
  return { identity: { user, noNewPrivileges, bounding, ambient, privateIpc }, problems };
}

function chosenUser(
  policy: Policy,
  { caller }: HostFacts,
  accounts: Accounts | null,
  problems: CompileProblem[],
): Identity["user"] {
  if (policy.user === null && policy.group === null) return null;
  const entry = accounts?.users.find(
    ({ name, uid }) => name === policy.user || uid === idOf(policy.user ?? ""),
  );
  const uid = policy.user === null ? caller.uid : (entry?.uid ?? idOf(policy.user));
  if (uid === null)
    problems.push(problem("no-such-account", { kind: "user", name: policy.user ?? "" }));
  const group = accounts?.groups.find(({ name }) => name === policy.group);
  const primary = policy.group === null ? (entry?.gid ?? null) : (group?.gid ?? idOf(policy.group));
  if (primary === null) {
    problems.push(
      policy.group === null && uid !== null
        ? problem("user-without-group", { name: policy.user ?? "" })
        : problem("no-such-account", { kind: "group", name: policy.group ?? policy.user ?? "" }),
    );
  }
  if (uid === null || primary === null) return null;
  const member = entry?.name;
  const groups =
    accounts?.groups.filter(({ members }) => member !== undefined && members.includes(member)) ??
    [];
  if (uid === caller.uid && primary === caller.gid) return null;
  const may = (capability: number) => (caller.capabilities & capabilityMask(capability)) !== 0n;
  if ((uid !== caller.uid && !may(CAP_SETUID)) || !may(CAP_SETGID)) {
    problems.push(problem("user-needs-root", { name: policy.user ?? policy.group ?? "" }));
  }
  return {
    uid,
    gid: primary,
    groups: [...new Set([primary, ...groups.map(({ gid }) => gid)])].sort((a, b) => a - b),
  };
}
