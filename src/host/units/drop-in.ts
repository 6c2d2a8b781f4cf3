import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Places } from "../places.ts";
import type { UnitCommand } from "./commands-of-unit.ts";
import type { ExecCommand, Prefix } from "./exec-line.ts";
import { DROP_IN, type Unit } from "./unit.ts";
import { execKeys } from "./unit-file.ts";
import { quoteWord } from "./words.ts";

/** A line that the drop-in adds, since the launcher cannot do without it. */
export interface Addition {
  readonly setting: string;
  readonly why: string;
}

export interface DropIn {
  readonly path: string;
  readonly text: string;
}

export interface DropInRequest {
  readonly unit: Unit;
  /** As it stands behind `run`. */
  readonly domain: string;
  readonly commands: readonly UnitCommand[];
  readonly additions: readonly Addition[];
  /** The launcher's capabilities, the additions included. */
  readonly capabilities: bigint;
  /** The unit starts its programs as another user than root. */
  readonly hasUser: boolean;
}

/** Where systemd has the administrator's drop-ins. */
const SETTINGS = "/etc/systemd/system";

export function dropInPath(unit: string): string {
  return join(SETTINGS, `${unit}.d`, DROP_IN);
}

/**
 * Tells whether a drop-in was made of what the unit is now: the same commands, by the same
 * installation.
 */
function digestOf({ name, lines }: Unit, launcher: string): string {
  const known = execKeys.map((key) => lines.get(key) ?? []);
  return createHash("sha256")
    .update(JSON.stringify([name, launcher, known]))
    .digest("hex");
}

const MADE_OF = "# Made of ";
const IN_DOMAIN = "# Domain ";

/** What our drop-in says of itself; null for a file that is none of ours. */
export function madeOf(text: string): { readonly domain: string; readonly digest: string } | null {
  const line = (head: string): string | undefined =>
    text
      .split("\n")
      .find((one) => one.startsWith(head))
      ?.slice(head.length);
  const [domain, digest] = [line(IN_DOMAIN), line(MADE_OF)];
  return domain === undefined || digest === undefined ? null : { domain, digest };
}

export function isCurrent(unit: Unit, launcher: string): boolean {
  const made = unit.dropIn === null ? null : madeOf(unit.dropIn.text);
  return made?.digest === digestOf(unit, launcher);
}

export function launcherOf({ home }: Places): string {
  return join(home, "bin", "cofferdam");
}

/**
 * The plan is made before each start by a command with `+`: outside the unit's filter, limits and
 * mounts, for a launcher with the unit's capabilities. Where a valid one lies ready this takes no
 * more than to compare it.
 */
export function dropInFor(request: DropInRequest, launcher: string): DropIn {
  const { unit, domain, additions, capabilities } = request;
  const prepare = ["run", "--prepare", capabilities.toString(16), domain].join(" ");
  const text = [
    `# The programs of ${unit.name} run in a domain of Cofferdam.`,
    `# This file comes back by \`cofferdam unit enable ${unit.name}\``,
    `# and goes by \`cofferdam unit disable ${unit.name}\`.`,
    `${IN_DOMAIN}${domain}`,
    `${MADE_OF}${digestOf(unit, launcher)}`,
    "[Unit]",
    "Wants=cofferdam-agent.service",
    "After=cofferdam-agent.service",
    "",
    "[Service]",
    ...additions.flatMap(({ setting, why }) => [`# ${why}`, setting]),
    ...["ExecStartPre=", `ExecStartPre=+${quoteProgram(launcher)} ${prepare}`],
    ...commandLines(request, launcher),
    "",
  ].join("\n");
  return { path: dropInPath(unit.name), text };
}

function commandLines({ commands, domain, hasUser }: DropInRequest, launcher: string): string[] {
  return execKeys.flatMap((key) => {
    const those = commands.filter((one) => one.key === key);
    if (key === "ExecCondition" || those.length === 0) return [];
    const lines = those.map(({ command, outside }) =>
      outside === null ? inDomain(command, { launcher, domain, hasUser }) : asItWas(command),
    );
    // Those before the start are behind the plan's, which has taken back the unit's own.
    const reset = key === "ExecStartPre" ? [] : [`${key}=`];
    return [...reset, ...lines.map((line) => `${key}=${line}`)];
  });
}

function asItWas({ prefixes, rawPath, rawArguments }: ExecCommand): string {
  return [`${prefixes.join("")}${rawPath}`, ...rawArguments].join(" ");
}

/**
 * The launcher starts as root and becomes the policy's user: `!` leaves it root where the unit has
 * a user, and everything else of the unit in force. With `@` the program's own name is the
 * launcher's to give.
 */
function inDomain(
  command: ExecCommand,
  { launcher, domain, hasUser }: { launcher: string; domain: string; hasUser: boolean },
): string {
  const { prefixes, rawPath, rawArguments } = command;
  const kept = prefixes.filter((prefix) => prefix === "-" || prefix === ":");
  const privilege: readonly Prefix[] = prefixes.includes("+") ? ["+"] : hasUser ? ["!"] : [];
  const named = prefixes.includes("@");
  // As an argument the program's name is searched for variables, which it was not before.
  const program = prefixes.includes(":") ? rawPath : rawPath.replaceAll("$", "$$$$");
  return [
    `${[...kept, ...privilege].join("")}${quoteProgram(launcher)}`,
    "run",
    ...(named ? ["--argv0", rawArguments[0] ?? ""] : []),
    ...["--unit", domain, "--", program],
    ...rawArguments.slice(named ? 1 : 0),
  ].join(" ");
}

/** Neither a specifier nor a variable is in it. */
function quoteProgram(path: string): string {
  return quoteWord(path).replaceAll("%", "%%");
}
