import { existsSync } from "node:fs";
import { decide } from "../../model/decide.ts";
import { granted } from "../../model/granted.ts";
import { programNamed } from "../program-named.ts";
import { SSHD } from "../shell-sandbox/sshd.ts";
import { SSHD_DROP_IN } from "../shell-sandbox/sshd-drop-in.ts";
import type { UnitCommand } from "./commands-of-unit.ts";
import { addition, type Found, note, policyConflict, type Rule } from "./finding.ts";
import { readinessOf, socketOutputOf } from "./needs-of-unit.ts";
import { otherRoot } from "./root-rules.ts";
import { socketsOf } from "./sockets-of-unit.ts";
import { property } from "./unit.ts";

/**
 * The policy must grant the programs that are to run in the domain. It may name a link that the
 * unit names, which the compiler follows.
 */
const programs: Rule = (look) => {
  const { commands, policy } = look;
  // The tree may be in an image, and links in it lead elsewhere for this process.
  if (otherRoot(look) !== null) return {};
  const inside = commands.filter(({ outside }) => outside === null);
  const refused = inside.flatMap(({ key, command }) => {
    // Specifiers hide it.
    const path = command.path.includes("%") ? null : programNamed(command.path);
    if (path === null) return [];
    const isGranted = (name: string): boolean =>
      (["execute", "read"] as const).every(
        (operation) =>
          decide(policy, { class: "name", operation, path: name }).outcome === "granted",
      );
    return isGranted(path) || isGranted(command.path) ? [] : [{ key, path }];
  });
  if (refused.length === 0) return {};
  const which = refused.map(({ key, path }) => `${path} (${key}=)`).join(", ");
  return policyConflict(
    `the policy of ${policy.name} does not let the domain execute ${which}`,
    `files: [rx ${[...new Set(refused.map(({ path }) => path))].join(" ")}]`,
  );
};

const readiness: Rule = (look) => {
  const awaited = readinessOf(look.unit);
  if (awaited === null) return {};
  const { type, what, socket } = awaited;
  const { outcome } = decide(look.policy, { class: "name", operation: "connect", path: socket });
  return outcome === "granted"
    ? {}
    : policyConflict(
        `systemd waits for ${what} (Type=${type}), and the policy does not let the daemon send it`,
        `network: [connect unix ${socket}]`,
      );
};

/**
 * Of processes in the unit's own group systemd takes the one without a parent for the main process.
 * That is the holder: the daemon is in a group below.
 */
const mainProcess: Rule = ({ unit }) =>
  property(unit, "Type") === "forking" && property(unit, "PIDFile") === ""
    ? addition("GuessMainPID=no", "The only process that systemd could find is the holder.")
    : {};

const output: Rule = (look) =>
  socketOutputOf(look.unit) === null || granted(look.policy.inherit).has("stdio-sockets")
    ? {}
    : note(
        "standard output is a socket of the journal, which the policy does not let the daemon " +
          "inherit: its output is lost",
        "inherit: [stdio, stdio-sockets]",
      );

const activation: Rule = (look) => {
  if (granted(look.policy.inherit).has("listen")) return {};
  const sockets = socketsOf(look.unit);
  const used = sockets.filter(({ isUsed }) => isUsed).map(({ name }) => name);
  const line = "inherit: [listen]";
  const hands = "hands sockets to the daemon, which the policy does not let it inherit";
  if (used.length > 0) return policyConflict(`${used.join(", ")} ${hands}`, line);
  if (sockets.length === 0) return {};
  const unused = sockets.map(({ name }) => name).join(" or ");
  return note(`if ${unused} is started, it ${hands}`, line);
};

/** The launcher cannot tell a stored descriptor from one of socket activation. */
const stored: Rule = (look) => {
  const max = property(look.unit, "FileDescriptorStoreMax");
  if (max === "" || max === "0") return {};
  const kept = "systemd keeps descriptors that the daemon stores with it (FileDescriptorStoreMax=)";
  return granted(look.policy.inherit).has("listen")
    ? note(
        `${kept}: they may only be sockets; with any other the launcher refuses the next start, ` +
          `until \`systemctl clean --what=fdstore ${look.unit.name}\``,
      )
    : note(`${kept}; the policy does not let it inherit them`, "inherit: [listen]");
};

/** Each command is a run of its own, and Landlock lets a sealed run signal only itself. */
const signals: Rule = (look): Partial<Found> => {
  const { policy, commands, unit } = look;
  const sealed = policy.mediation === "sealed" && look.level === "enforcing";
  const keys = commands
    .filter(({ key, outside }: UnitCommand) => outside === null && /^Exec(?:Reload|Stop)/.test(key))
    .map(({ key }) => key);
  const kinds = [...new Set(keys)];
  if (kinds.length === 0 || !sealed || granted(policy.signals).has("any")) return {};
  return note(
    "a sealed run may signal only its own processes, and each command is a run of its own: if " +
      `${kinds.join("= or ")}= signals the daemon, leave it outside (enter: [{ unit: ` +
      `${unit.name}, outside: [${kinds.join(", ")}] }]), or write ` +
      "ExecReload=/bin/kill -HUP $MAINPID, which is left outside by itself",
  );
};

/** The session server refuses sessions of an sshd in a domain: no user could log in. */
const logins: Rule = ({ commands }) => {
  const isInside = commands.some((one) => one.outside === null && one.command.path === SSHD);
  if (!isInside || !existsSync(SSHD_DROP_IN)) return {};
  const what =
    "/UserVars/ShellSandboxEnabled gives every login the sandboxed shell, which sessions of an " +
    "sshd in a domain do not get; keep one of the two: " +
    "cofferdam settings set /UserVars/ShellSandboxEnabled 0";
  return { findings: [{ kind: "conflict", what, where: null, lines: [] }] };
};

const outside: Rule = ({ commands }) => {
  const those = commands.filter((one) => one.outside !== null && one.key !== "ExecCondition");
  if (those.length === 0) return {};
  return {
    findings: those.map(({ key, command, outside: why }) => ({
      kind: "note" as const,
      what: `${key}=${command.path} stays outside the domain: ${why}`,
      where: null,
      lines: [],
    })),
  };
};

export const policyRules: readonly Rule[] = [
  programs,
  readiness,
  mainProcess,
  output,
  activation,
  stored,
  signals,
  logins,
  outside,
];
