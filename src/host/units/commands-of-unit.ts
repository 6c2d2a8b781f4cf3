import { basename } from "node:path";
import type { ControlCommand } from "../../model/policy.ts";
import { ExitCode } from "../exit-code.ts";
import { HostError } from "../host-error.ts";
import { type ExecCommand, type Prefix, parseExecLine } from "./exec-line.ts";
import type { Unit } from "./unit.ts";
import { type ExecKey, execKeys } from "./unit-file.ts";
import { UnitSyntaxError } from "./words.ts";

export interface UnitCommand {
  readonly key: ExecKey;
  readonly command: ExecCommand;
  /** null: in the domain. Otherwise why it stays outside. */
  readonly outside: string | null;
}

/**
 * In the order of {@link execKeys}. `leftOutside`: by the policy.
 * @throws HostError for a line that systemd does not accept, and for a unit that starts nothing
 */
export function commandsOf(
  { name, lines }: Unit,
  leftOutside: readonly ControlCommand[],
): readonly UnitCommand[] {
  const commands = execKeys.flatMap((key) =>
    (lines.get(key) ?? []).flatMap((line) =>
      parse(name, key, line).map((command) => ({
        ...{ key, command },
        outside: leftOutside.some((one) => one === key)
          ? "the policy says so"
          : whyOutside(key, command),
      })),
    ),
  );
  if (commands.some(({ key }) => key === "ExecStart")) return commands;
  throw new HostError(`${name} starts no program`, "a unit without ExecStart= needs no domain");
}

function parse(name: string, key: ExecKey, line: string): readonly ExecCommand[] {
  try {
    return parseExecLine(line);
  } catch (error) {
    if (!(error instanceof UnitSyntaxError)) throw error;
    throw new HostError(
      `${key}=${line} of ${name}: ${error.message}`,
      `mend the line (systemctl edit ${name}); systemd does not start it as it is either`,
      ExitCode.no,
    );
  }
}

const privileges: readonly Prefix[] = ["+", "!", "!!"];

function whyOutside(key: ExecKey, { prefixes, path, arguments: words }: ExecCommand) {
  if (key === "ExecStart") return null;
  if (key === "ExecCondition") return "it decides whether the unit starts";
  const privilege = prefixes.find((prefix) => privileges.includes(prefix));
  if (privilege !== undefined) return `its prefix \`${privilege}\` asks for more than the unit has`;
  return signalsTheDaemon(path, words) ? "it only signals the unit's own main process" : null;
}

/**
 * `/bin/kill -HUP $MAINPID`: the daemon can influence nothing in it. In a domain it would be
 * another run than the daemon, and could not signal it.
 */
function signalsTheDaemon(path: string, words: readonly string[]): boolean {
  const target = words.at(-1);
  const isMain = target === "$MAINPID" || target === "${MAINPID}";
  const options = words.slice(0, -1);
  return (
    basename(path) === "kill" && isMain && options.every((word) => /^-?[A-Za-z0-9+]+$/.test(word))
  );
}
