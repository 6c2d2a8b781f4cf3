import { hostAccounts } from "../../compile/accounts.ts";
import { maskOfCapabilities } from "../../kinds/capabilities/model.ts";
import { granted } from "../../model/granted.ts";
import {
  addition,
  type Found,
  isSet,
  type Look,
  note,
  policyConflict,
  property,
  type Rule,
  unitConflict,
  words,
} from "./finding.ts";

/** The unit's user or group is not root's: its commands get `!`. */
export function hasUser(look: Look): boolean {
  return (
    ["User", "Group"].some((name) => property(look, name) !== "") || isSet(look, "DynamicUser")
  );
}

/** Outside all of the unit's limits. */
export function isPrivileged({ commands }: Look): boolean {
  return commands.some(({ key, command }) => key === "ExecStart" && command.prefixes.includes("+"));
}

/** The daemon starts as root and becomes the unit's user itself, as chronyd does. */
function startsAsRoot({ commands }: Look): boolean {
  const starts = commands.filter(({ key }) => key === "ExecStart");
  return starts.every(({ command }) =>
    command.prefixes.some((prefix) => ["!", "!!", "+"].includes(prefix)),
  );
}

const user: Rule = (look) => {
  const wanted = property(look, "User");
  if (wanted === "" || look.policy.user === wanted) return {};
  if (look.policy.user === null && startsAsRoot(look)) return {};
  const has = look.policy.user === null ? "no user" : `the user ${look.policy.user}`;
  return policyConflict(
    `the unit runs as ${wanted}, and the policy of ${look.policy.name} names ${has}: the ` +
      "launcher starts as root and becomes the policy's user",
    `user: ${wanted}`,
  );
};

const group: Rule = (look) => {
  const wanted = property(look, "Group");
  const isOfUser = isSet(look, "DynamicUser") && wanted === property(look, "User");
  if (wanted === "" || isOfUser || look.policy.group === wanted) return {};
  return policyConflict(
    `the unit's group is ${wanted}, and the policy of ${look.policy.name} names ` +
      `${look.policy.group ?? "none"}`,
    `group: ${wanted}`,
  );
};

const supplementaryGroups: Rule = (look) => {
  const groups = words(property(look, "SupplementaryGroups"));
  const { user: name } = look.policy;
  return groups.length === 0 || !hasUser(look) || isSet(look, "PrivateUsers")
    ? {}
    : note(
        "SupplementaryGroups= is not in force: the groups are those that /etc/group gives " +
          `${name ?? "the user"} (usermod -aG ${groups.join(",")} ${name ?? "USER"})`,
      );
};

/**
 * systemd's user namespace has root and the unit's own user and group, whose groups systemd sets;
 * the launcher can set none there.
 */
const ownUsers: Rule = (look) => {
  if (!isSet(look, "PrivateUsers")) return {};
  const { user: name } = look.policy;
  const isRoots = name === null || name === "root";
  if (!isRoots && !hasUser(look))
    return unitConflict(
      `with PrivateUsers= only root and the unit's own user exist, and the policy of ` +
        `${look.policy.name} names the user ${name}`,
      `User=${name}`,
    );
  const others = isRoots ? [] : otherGroups(look, name);
  return others.length > 0
    ? unitConflict(
        `with PrivateUsers= the launcher cannot check that ${name} has no group but its own and ` +
          others.join(", "),
        "PrivateUsers=no",
      )
    : whatIsLost(look);
};

/** Apart from the primary one, which is the unit's. */
function otherGroups(look: Look, user: string): readonly string[] {
  const { users, groups } = hostAccounts();
  const primary = users.find(({ name }) => name === user)?.gid;
  const member = groups.filter(({ gid, members }) => gid !== primary && members.includes(user));
  return [...words(property(look, "SupplementaryGroups")), ...member.map(({ name }) => name)];
}

function whatIsLost({ policy }: Look): Partial<Found> {
  const acts =
    granted(policy.capabilities).size === 0
      ? ""
      : "acts without the capabilities that the policy grants, and ";
  const signals =
    policy.mediation === "supervised"
      ? ", no signal of a process with threads, no descriptors in messages"
      : "";
  return note(
    `with PrivateUsers= the mediator ${acts}does nothing on other processes and threads: no ` +
      `scheduling of the daemon's other threads${signals}`,
  );
}

/**
 * With these capabilities the kernel itself can judge addresses; without them the mediator is
 * notified. Reading an attached program takes CAP_SYS_ADMIN (BPF_PROG_GET_FD_BY_ID).
 */
const forAddressPrograms = ["bpf", "net_admin", "perfmon", "sys_admin"];

/**
 * Capabilities that the launcher needs, and drops before the daemon's first instruction. `lacking`:
 * those missing in the unit's bounding set. `kept`: those of `lacking` that the policy grants to
 * the daemon.
 */
function lackingCapabilities(look: Look) {
  const left = new Set(unitCapabilities(look));
  const inPolicy = granted(look.policy.capabilities);
  const changesUser = look.policy.user !== null && look.policy.user !== "root";
  const needed = [
    ...(changesUser || look.policy.group !== null ? ["setuid", "setgid"] : []),
    ...["setpcap", ...forAddressPrograms],
  ];
  const lacking = needed.filter((name) => !left.has(name));
  return { lacking, kept: lacking.filter((name) => inPolicy.has(name)) };
}

const capabilities: Rule = (look) => {
  if (isPrivileged(look)) return {};
  const { lacking, kept } = lackingCapabilities(look);
  if (lacking.length === 0) return {};
  if (kept.length > 0)
    return policyConflict(
      `CapabilityBoundingSet= lacks ${kept.join(" ")}, which the launcher needs; the policy ` +
        `of ${look.policy.name} would leave it to the daemon`,
      `capabilities: [${kept.map((name) => `deny ${name}`).join(", ")}]`,
    );
  return addition(
    `CapabilityBoundingSet=${lacking.map(systemdName).join(" ")}`,
    "For the launcher, which takes them from the daemon: the policy does not grant them.",
  );
};

function systemdName(name: string): string {
  return `CAP_${name.toUpperCase()}`;
}

function unitCapabilities(look: Look): readonly string[] {
  return words(property(look, "CapabilityBoundingSet")).map((name) => name.replace(/^cap_/, ""));
}

/** Includes what {@link capabilities} adds. */
export function launcherCapabilities(look: Look): bigint {
  if (isPrivileged(look)) return maskOfCapabilities(() => true);
  const { lacking, kept } = lackingCapabilities(look);
  const all = new Set([...unitCapabilities(look), ...(kept.length === 0 ? lacking : [])]);
  return maskOfCapabilities((name) => all.has(name));
}

const noNewPrivileges: Rule = (look) =>
  isSet(look, "NoNewPrivileges") && look.policy.setUserId.length > 0
    ? unitConflict(
        "the policy names set-user-id programs, which NoNewPrivileges= keeps from gaining anything",
        "NoNewPrivileges=no",
      )
    : {};

export const identityRules: readonly Rule[] = [
  user,
  group,
  supplementaryGroups,
  ownUsers,
  capabilities,
  noNewPrivileges,
];
