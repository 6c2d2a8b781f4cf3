import { capabilityMask } from "../kernel/capability-mask.ts";
import { CAP_SETGID, CAP_SETUID } from "../kernel/constants.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import { boundingOf } from "../kinds/capabilities/compile.ts";
import type { Policy } from "../model/policy.ts";
import type { Identity } from "../plan/plan.ts";
import { type Accounts, idOf } from "./accounts.ts";
import type { CompileOptions } from "./options.ts";
import { type CompileProblem, problem } from "./problem.ts";

type Start = Pick<CompileOptions, "facts" | "groups">;

/**
 * `accounts` may be null only if neither the policy nor the start names an account.
 * `kinds/ipc/compile.ts` decides about a private IPC namespace; the rest follows from policy and
 * start.
 */
export function identityOf(
  policy: Policy,
  start: Start,
  accounts: Accounts | null,
  privateIpc: boolean,
): { readonly identity: Identity; readonly problems: readonly CompileProblem[] } {
  const { facts } = start;
  const problems: CompileProblem[] = [];
  const user = chosenUser(policy, start, accounts ?? { users: [], groups: [] }, problems);
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
  { facts: { caller }, groups = [] }: Start,
  accounts: Accounts,
  problems: CompileProblem[],
): Identity["user"] {
  if (policy.user === null && policy.group === null && groups.length === 0) return null;
  const main = mainIds(policy, caller, accounts, problems);
  const given = groups.map((name) => givenGroup(name, accounts, problems));
  if (main === null || given.includes(null)) return null;
  const { uid, gid, name } = main;
  if (uid === caller.uid && gid === caller.gid && groups.length === 0) return null;
  const may = (capability: number) => (caller.capabilities & capabilityMask(capability)) !== 0n;
  if ((uid !== caller.uid && !may(CAP_SETUID)) || !may(CAP_SETGID)) {
    const wanted = policy.user ?? policy.group ?? groups.join(", ");
    problems.push(problem("user-needs-root", { name: wanted }));
  }
  const all = [gid, ...memberGroups(name, gid, accounts), ...given.filter((one) => one !== null)];
  return { uid, gid, groups: [...new Set(all)].sort((a, b) => a - b) };
}

/** User and primary group; null if one of them is not known. */
function mainIds(
  { user, group }: Policy,
  caller: HostFacts["caller"],
  accounts: Accounts,
  problems: CompileProblem[],
): { readonly uid: number; readonly gid: number; readonly name: string | null } | null {
  if (user === null && group === null) return { ...caller, name: null };
  const entry = accounts.users.find(({ name, uid }) => name === user || uid === idOf(user ?? ""));
  const uid = user === null ? caller.uid : (entry?.uid ?? idOf(user));
  if (uid === null) problems.push(problem("no-such-account", { kind: "user", name: user ?? "" }));
  const primary = group === null ? (entry?.gid ?? null) : idOfGroup(group, accounts);
  if (primary === null) {
    problems.push(
      group === null && uid !== null
        ? problem("user-without-group", { name: user ?? "" })
        : problem("no-such-account", { kind: "group", name: group ?? user ?? "" }),
    );
  }
  return uid === null || primary === null ? null : { uid, gid: primary, name: entry?.name ?? null };
}

function idOfGroup(name: string, { groups }: Accounts): number | null {
  return groups.find((one) => one.name === name)?.gid ?? idOf(name);
}

/**
 * Those of /etc/group. With root's primary group there are none, as in a unit (systemd.exec(5)).
 */
function memberGroups(
  user: string | null,
  primary: number,
  { groups }: Accounts,
): readonly number[] {
  if (user === null || primary === 0) return [];
  return groups.filter(({ members }) => members.includes(user)).map(({ gid }) => gid);
}

/** null, with the problem, for a group that is not there. */
function givenGroup(name: string, accounts: Accounts, problems: CompileProblem[]): number | null {
  const gid = idOfGroup(name, accounts);
  if (gid === null) problems.push(problem("no-such-unit-group", { name }));
  return gid;
}
