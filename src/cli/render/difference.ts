import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import { groups } from "../../kernel/syscall-groups.ts";
import { isWordSection } from "../../kinds/model.ts";
import type { SettingChange } from "../../model/difference.ts";
import type { Level, Mediation } from "../../model/policy.ts";
import type { Request } from "../../model/request.ts";

/** What `cofferdam diff --json` prints; docs/diff-and-reach.md explains the members. */
export interface Compared {
  readonly before: Side;
  readonly after: Side;
  readonly same: boolean;
  readonly settings: readonly SettingChange[];
  readonly allowed: readonly ToldChange[];
  readonly denied: readonly ToldChange[];
  /** New ones that belong to no line of `allowed`. */
  readonly risks: readonly Risk[];
}

export interface Side {
  readonly operand: string;
  readonly domain: string;
  readonly level: Level;
  readonly mediation: Mediation;
}

export interface ToldChange {
  readonly section: string;
  readonly line: string;
  readonly part: boolean;
  /** In the words of `cofferdam explain`. */
  readonly example: string;
  readonly request: Request;
  readonly risks: readonly Risk[];
}

interface Risk {
  readonly code: string;
  readonly message: string;
}

interface Look {
  /** Columns. */
  readonly width: number;
}

export function renderDifference(compared: Compared, look: Look): string {
  const { before, after, same, settings, allowed, denied, risks } = compared;
  const title = `${before.operand} -> ${after.operand}`;
  if (same) return `${printable(`${title}: no difference`)}\n`;
  const grants =
    allowed.length + denied.length === 0
      ? "the same grants, other settings"
      : `${allowed.length} newly allowed, ${denied.length} newly denied`;
  const lines = [
    wrap(`${title}: ${grants}`, look.width, "  "),
    ...levelLines(compared, look),
    ...section("newly allowed", [
      ...changeLines(allowed, look),
      ...risks.flatMap((risk) => riskLines(risk, "  ! ", look)),
    ]),
    ...section("newly denied", changeLines(denied, look)),
    ...section(
      "settings",
      settings.map((setting) => wrap(`    ${settingText(setting)}`, look.width, " ".repeat(6))),
    ),
  ];
  // The caller's policies choose the names; the line breaks are of this function.
  return lines.map((line) => `${line.split("\n").map(printable).join("\n")}\n`).join("");
}

/** A level says more than any grant, so it comes first. */
function levelLines({ before, after }: Compared, { width }: Look): readonly string[] {
  return [before, after]
    .filter(({ level }) => level !== "enforcing")
    .map(({ operand, level }) => {
      const log = level === "warning" ? "and logged" : "and nothing is logged";
      const text = `${operand} is at ${level}: what it does not grant is allowed, too, ${log}`;
      return wrap(`  ! ${text}`, width, "    ");
    });
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", title, ...lines];
}

function settingText({ setting, before, after }: SettingChange): string {
  const isOne = before.length === 1 && after.length === 1;
  if (isOne) return `${setting}: ${before[0]} -> ${after[0]}`;
  const parts = [
    ...(before.length === 0 ? [] : [`no longer ${before.join(", ")}`]),
    ...(after.length === 0 ? [] : [`newly ${after.join(", ")}`]),
  ];
  return `${setting}: ${parts.join("; ")}`;
}

function changeLines(changes: readonly ToldChange[], look: Look): readonly string[] {
  const titles = [...new Set(changes.map((change) => change.section))];
  return titles.flatMap((title) => {
    const here = changes.filter((change) => change.section === title).sort(dangerousFirst);
    const listed = isWordSection(title) ? here.filter(({ risks }) => risks.length === 0) : [];
    const words = withGroups(
      title,
      listed.map(({ line }) => line),
    );
    return [
      `  ${title}`,
      ...here.filter((change) => !listed.includes(change)).flatMap((one) => changeLine(one, look)),
      ...(words.length === 0 ? [] : [wrap(`    ${words.join(" ")}`, look.width, "    ")]),
    ];
  });
}

/** Then by what a line is about, which is its last word. */
function dangerousFirst(one: ToldChange, other: ToldChange): number {
  const object = ({ line }: ToldChange) => line.slice(line.lastIndexOf(" ") + 1);
  const danger = Number(other.risks.length > 0) - Number(one.risks.length > 0);
  return danger || (object(one) < object(other) ? -1 : Number(object(one) > object(other)));
}

function changeLine(change: ToldChange, look: Look): readonly string[] {
  const { section: title, line, part, example, risks } = change;
  const mark = risks.length > 0 ? "!" : " ";
  const such = `${part ? "in part, " : ""}for example: ${example}`;
  const isOneName = isWordSection(title) || (!part && !/[*?[{]/.test(line));
  return [
    `  ${mark} ${line}`,
    ...(isOneName ? [] : [wrap(`      ${such}`, look.width, " ".repeat(8))]),
    ...risks.flatMap((risk) => riskLines(risk, " ".repeat(6), look)),
  ];
}

function riskLines({ code, message }: Risk, lead: string, { width }: Look): readonly string[] {
  const indent = " ".repeat(lead.length + 2);
  return [`${lead}${wrap(`${code}: ${message}`, width - lead.length, indent)}`];
}

/** Puts a group of system calls in the place of its members if all of them are there. */
function withGroups(title: string, words: readonly string[]): readonly string[] {
  if (title !== "syscalls") return words;
  const left = new Set(words);
  const largest = Object.entries(groups()).sort(([, a], [, b]) => b.length - a.length);
  const whole = largest.filter(([, members]) => {
    if (members.length < 2 || !members.every((member) => left.has(member))) return false;
    for (const member of members) left.delete(member);
    return true;
  });
  return [...whole.map(([name]) => name), ...left];
}
