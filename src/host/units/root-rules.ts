import { GROUP, PASSWD } from "../../compile/accounts.ts";
import { DYNAMIC_USERS } from "../../compile/dynamic-users.ts";
import { isSet, type Look, note, type Rule, unitConflict } from "./finding.ts";
import { isPrivileged, launcherGroups } from "./identity-rules.ts";
import { boundPaths } from "./sandbox-rules.ts";
import { property } from "./unit.ts";

/** The setting that shows the unit another tree than the host's; null without one. */
export function otherRoot(look: Look): string | null {
  const isOther = (name: string): boolean => isSet(look, name) && property(look.unit, name) !== "/";
  return ["RootDirectory", "RootImage"].find(isOther) ?? null;
}

/** A rule for units with another tree only; it gets the setting's name. */
function forOtherRoot(rule: (look: Look, setting: string) => ReturnType<Rule>): Rule {
  return (look) => {
    const setting = otherRoot(look);
    return setting === null ? {} : rule(look, setting);
  };
}

/**
 * The launcher finds a plan valid only if it sees the same policy, level and compiler as the agent,
 * which made the plan outside.
 */
const broughtIn = forOtherRoot((look, setting) => ({
  additions: [
    {
      setting: `BindReadOnlyPaths=${look.ownFolders.map((path) => `-${path}`).join(" ")}`,
      why: "The launcher and what its plan depends on; the domain cannot reach them.",
    },
    {
      setting: "BindPaths=-/run/cofferdam",
      why: "For the launcher and the holder; the domain cannot reach it.",
    },
  ],
  ...note(
    `${setting}= shows the unit another tree: the policy's names are those of that tree, and the ` +
      "agent makes the plan for it when the unit starts",
  ),
}));

const apiFileSystems = forOtherRoot((look, setting) =>
  isSet(look, "MountAPIVFS")
    ? {}
    : unitConflict(
        `the launcher needs /proc, /dev and control groups in the tree of ${setting}=`,
        "MountAPIVFS=yes",
      ),
);

/** systemd gives such a command the tree, without the API file systems (version 257). */
const privileged = forOtherRoot((look, setting) =>
  isPrivileged(look)
    ? unitConflict(
        `for ExecStart=+ systemd mounts no /proc in the tree of ${setting}=, which the launcher ` +
          "needs",
        "ExecStart= without the prefix `+`",
      )
    : {},
);

/** The commands before the start would see other names than the daemon. */
const everyCommand = forOtherRoot((look, setting) =>
  isSet(look, "RootDirectoryStartOnly")
    ? unitConflict(
        `only ExecStart= would see the tree of ${setting}=, and a plan for it is made by a ` +
          "command before",
        "RootDirectoryStartOnly=no",
      )
    : {},
);

/**
 * The launcher becomes the policy's user by the host's numbers, as systemd does. In the tree it
 * must see whether these have changed since the plan was made.
 */
const accounts = forOtherRoot((look, setting) => {
  const { user, group } = look.policy;
  const groups = launcherGroups(look);
  const bound = new Set(boundPaths(look));
  const needed = [
    ...(user === null && group === null && groups.length === 0 ? [] : [PASSWD, GROUP]),
    ...(isSet(look, "DynamicUser") ? [DYNAMIC_USERS] : []),
  ];
  const missing = needed.filter((path) => !bound.has(path));
  return missing.length === 0
    ? {}
    : unitConflict(
        `user and groups of the policy of ${look.policy.name} and the unit are looked up on the ` +
          `host, and in the tree of ${setting}= the launcher could not see whether their numbers ` +
          "have changed",
        `BindReadOnlyPaths=${missing.join(" ")}`,
      );
});

export const rootRules: readonly Rule[] = [
  broughtIn,
  apiFileSystems,
  privileged,
  everyCommand,
  accounts,
];
