import { hostAccounts, idOf } from "../../compile/accounts.ts";
import { presentAccounts } from "../../compile/policy-accounts.ts";
import { maskOfCapabilities } from "../../kinds/capabilities/model.ts";
import { granted } from "../../model/granted.ts";
import {
  addition,
  type Found,
  isSet,
  type Look,
  note,
  policyConflict,
  type Rule,
  unitConflict,
} from "./finding.ts";
import { isTemplate, property, words } from "./unit.ts";

/** The unit's user or group is not root's: its commands get `!`. */
export function hasUser(look: Look): boolean {
  return (
    ["User", "Group"].some((name) => property(look.unit, name) !== "") || isSet(look, "DynamicUser")
  );
}

/** Outside all of the unit's limits. */
export function isPrivileged({ commands }: Look): boolean {
  return commands.some(({ key, command }) => key === "ExecStart" && command.prefixes.includes("+"));
}

/**
 * The daemon starts as root and becomes the unit's user itself, as chronyd does. With `!!` systemd
 * changes the user wherever the kernel has ambient capabilities, that is everywhere.
 */
function startsAsRoot({ commands }: Look): boolean {
  const starts = commands.filter(({ key }) => key === "ExecStart");
  return starts.every(({ command }) =>
    command.prefixes.some((prefix) => prefix === "!" || prefix === "+"),
  );
}

const user: Rule = (look) => {
  const wanted = property(look.unit, "User");
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
  const wanted = property(look.unit, "Group");
  const isOfUser = isSet(look, "DynamicUser") && wanted === property(look.unit, "User");
  if (wanted === "" || isOfUser || look.policy.group === wanted) return {};
  return policyConflict(
    `the unit's group is ${wanted}, and the policy of ${look.policy.name} names ` +
      `${look.policy.group ?? "none"}`,
    `group: ${wanted}`,
  );
};

/**
 * The unit's supplementary groups where the launcher has to set them: with `!` systemd does not,
 * and a change of user would lose those that it has set. With `+` a unit has none, and with
 * PrivateUsers= the launcher can set none.
 */
export function launcherGroups(look: Look): readonly string[] {
  const { user: name, group: primary } = look.policy;
  const setsIds = hasUser(look) || name !== null || primary !== null;
  return setsIds && !isPrivileged(look) && !isSet(look, "PrivateUsers") ? look.unit.groups : [];
}

/** The launcher gets groups from the plan, and the compiler reads /etc/group alone. */
const supplementaryGroups: Rule = (look) => {
  if (launcherGroups(look).length === 0) return {};
  const { groups } = presentAccounts();
  // As systemd expands them for this unit; a template's are those of no real instance.
  const named = isTemplate(look.unit.name)
    ? launcherGroups(look).filter((name) => !name.includes("%"))
    : words(property(look.unit, "SupplementaryGroups"));
  const missing = named.filter(
    (word) => idOf(word) === null && !groups.some(({ name }) => name === word),
  );
  return missing.length === 0
    ? {}
    : unitConflict(
        `SupplementaryGroups= names ${missing.join(", ")}, which /etc/group does not have: make ` +
          "the group, or name those of another service by number",
        "SupplementaryGroups=",
        `SupplementaryGroups=${named.filter((one) => !missing.includes(one)).join(" ")}`,
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
  return [...words(property(look.unit, "SupplementaryGroups")), ...member.map(({ name }) => name)];
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
  const setsGroups = look.policy.group !== null || launcherGroups(look).length > 0;
  const needed = [
    ...(changesUser || setsGroups ? ["setuid", "setgid"] : []),
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
  return words(property(look.unit, "CapabilityBoundingSet")).map((name) =>
    name.replace(/^cap_/, ""),
  );
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
