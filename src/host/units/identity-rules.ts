import { capabilityNames, maskOfCapabilities } from "../../kinds/capabilities/model.ts";
import { granted } from "../../model/granted.ts";
import {
  addition,
  isSet,
  type Look,
  note,
  policyConflict,
  property,
  type Rule,
  unitConflict,
  words,
} from "./finding.ts";

/** The unit's user or group is another than root's: its commands get `!`. */
export function hasUser(look: Look): boolean {
  return (
    ["User", "Group"].some((name) => property(look, name) !== "") || isSet(look, "DynamicUser")
  );
}

/** The start is outside all of the unit's limits. */
function isPrivileged({ commands }: Look): boolean {
  return commands.some(({ key, command }) => key === "ExecStart" && command.prefixes.includes("+"));
}

const dynamicUser: Rule = (look) =>
  isSet(look, "DynamicUser")
    ? unitConflict(
        "DynamicUser= gives a user that is there only while the unit runs; a plan names its " +
          "user before",
        "DynamicUser=no",
        `User=${look.policy.user ?? "NAME"}`,
      )
    : {};

const user: Rule = (look) => {
  const wanted = property(look, "User");
  if (wanted === "" || isSet(look, "DynamicUser") || look.policy.user === wanted) return {};
  const has = look.policy.user === null ? "no user" : `the user ${look.policy.user}`;
  return policyConflict(
    `the unit runs as ${wanted}, and the policy of ${look.policy.name} names ${has}: the ` +
      "launcher starts as root and becomes the policy's user",
    `user: ${wanted}`,
  );
};

const group: Rule = (look) => {
  const wanted = property(look, "Group");
  if (wanted === "" || isSet(look, "DynamicUser") || look.policy.group === wanted) return {};
  return policyConflict(
    `the unit's group is ${wanted}, and the policy of ${look.policy.name} names ` +
      `${look.policy.group ?? "none"}`,
    `group: ${wanted}`,
  );
};

const supplementaryGroups: Rule = (look) => {
  const groups = words(property(look, "SupplementaryGroups"));
  const { user: name } = look.policy;
  return groups.length === 0 || !hasUser(look)
    ? {}
    : note(
        "SupplementaryGroups= is not in force: the groups are those that /etc/group gives " +
          `${name ?? "the user"} (usermod -aG ${groups.join(",")} ${name ?? "USER"})`,
      );
};

/**
 * With them the kernel itself judges addresses; without, the mediator would be asked. CAP_SYS_ADMIN
 * is for looking at a program that is attached (BPF_PROG_GET_FD_BY_ID).
 */
const forAddressPrograms = ["bpf", "net_admin", "perfmon", "sys_admin"];

/** What the launcher needs, and takes from the daemon before its first instruction. */
const capabilities: Rule = (look) => {
  if (isPrivileged(look)) return {};
  const left = new Set(unitCapabilities(look));
  const inPolicy = granted(look.policy.capabilities);
  const changesUser = look.policy.user !== null && look.policy.user !== "root";
  const needed = [
    ...(changesUser || look.policy.group !== null ? ["setuid", "setgid"] : []),
    ...["setpcap", ...forAddressPrograms],
  ];
  const lacking = needed.filter((name) => !left.has(name));
  const kept = lacking.filter((name) => inPolicy.has(name));
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

/** Of the launcher, with what {@link capabilities} adds. */
export function launcherCapabilities(look: Look, settings: readonly string[]): bigint {
  if (isPrivileged(look)) return maskOfCapabilities(() => true);
  const added = settings
    .filter((setting) => setting.startsWith("CapabilityBoundingSet="))
    .flatMap((setting) => words(setting.replace(/^.*=/, "")))
    .map((name) => name.replace(/^CAP_/, "").toLowerCase());
  const all = new Set([...unitCapabilities(look), ...added]);
  return maskOfCapabilities((name) => all.has(name) && capabilityNames.includes(name));
}

const noNewPrivileges: Rule = (look) =>
  isSet(look, "NoNewPrivileges") && look.policy.setUserId.length > 0
    ? unitConflict(
        "the policy names set-user-id programs, which NoNewPrivileges= keeps from gaining anything",
        "NoNewPrivileges=no",
      )
    : {};

export const identityRules: readonly Rule[] = [
  dynamicUser,
  user,
  group,
  supplementaryGroups,
  capabilities,
  noNewPrivileges,
];
