import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report, Span } from "../../diagnostics/diagnostic.ts";
import { meaningOf } from "./meaning-of.ts";
import { type EsxiDomain, type EsxiRule, forms } from "./rule.ts";

/** The header of a domain in a dump; before release 6.5 it has `Kernel Id:`. */
const header =
  /^Domain Name:\s*(\S+)\s+(?:Domain ID|Kernel Id)\s*:\s*(?:\d+|-)\s+Enforcement Level:\s*(\S+)\s*$/;

/**
 * Parses a file of rules, or a dump of several domains. Rules before the first header belong to the
 * domain `name`. Reports every malformed line and goes on.
 */
export function parseRules(
  file: string,
  name: string,
  text: string,
  report: Report,
): readonly EsxiDomain[] {
  let rules: EsxiRule[] = [];
  const domains: EsxiDomain[] = [{ name, level: null, rules }];
  for (const [index, line] of text.split("\n").entries()) {
    const head = header.exec(line);
    if (head !== null) {
      rules = [];
      domains.push({ name: head[1] ?? "", level: head[2] ?? "", rules });
    } else if (!/^-{3,}\s*$/.test(line)) {
      const rule = parseLine(line, { file, line: index + 1 }, report);
      if (rule !== null) rules.push(rule);
    }
  }
  return domains.length > 1 && domains[0]?.rules.length === 0 ? domains.slice(1) : domains;
}

interface Word {
  readonly text: string;
  readonly at: number;
}

function parseLine(
  line: string,
  place: { file: string; line: number },
  report: Report,
): EsxiRule | null {
  const written = line.replace(/\r$/, "");
  const own = /^\s*#\+/.test(written);
  const end = own ? -1 : written.search(/(?:^|\s)#/);
  const text = (end < 0 ? written : written.slice(0, end)).trimEnd();
  const words: Word[] = [...text.matchAll(/\S+/g)].map((match) => ({
    text: match[0],
    at: match.index,
  }));
  const first = words[0];
  if (first === undefined) return null;
  const start = [...text.slice(0, first.at)].length + 1;
  const span: Span = { ...place, column: start, length: [...text.slice(first.at)].length };
  const rule = own ? ownRule(text.trimStart()) : ruleOf(words.map((word) => word.text));
  if (typeof rule !== "string") return { ...rule, span, text: text.trim() };
  const form = meaningOf(forms, first.text) ?? Object.values(forms).join("; or ");
  report(diagnose("esxi-rule", span, { text: text.trim(), why: rule, form }));
  return null;
}

type Bare<T> = T extends unknown ? Omit<T, "span" | "text"> : never;

/** The rule in these words, or the reason why they are none. */
function ruleOf(words: readonly string[]): Bare<EsxiRule> | string {
  const [verb, ...operands] = words;
  if (verb === "-r") return pathRule(operands);
  const counts: Readonly<Record<string, number>> = {
    "-s": 2,
    "-c": 2,
    "-p": 3,
    "-d": 4,
    "-a": 3,
    "-E": 2,
  };
  const count = meaningOf(counts, verb ?? "");
  if (count === undefined) return `it begins with none of ${Object.keys(counts).join(", ")}, -r`;
  if (operands.length !== count) return `it has ${operands.length} words after ${verb}`;
  if (verb !== "-E" && operands.at(-1) !== "grant") return "it does not end in `grant`";
  const [a = "", b = "", c = ""] = operands;
  if (verb === "-s" || verb === "-c") return { verb, name: a };
  if (verb === "-p") return { verb, name: a, selector: b };
  if (verb === "-d") return { verb, label: a, domain: b, permission: c };
  return verb === "-a" ? { verb, label: a, permission: b } : { verb: "-E", label: a, domain: b };
}

function pathRule(operands: readonly string[]): Bare<EsxiRule> | string {
  const [path, letters = "", ...others] = operands;
  if (path === undefined || others.length > 0) return `it has ${operands.length} words after -r`;
  if (!/^\/[^*?[\]{}\\]*$/.test(path)) return "it names no absolute path without wildcards";
  if (path.split("/").some((name) => name === "." || name === ".."))
    return "its path has `.` or `..` in it";
  if (!/^[rwx]*$/.test(letters) || new Set(letters).size !== letters.length)
    return `\`${letters}\` is not out of r, w and x`;
  return { verb: "-r", path: path.replace(/\/+/g, "/").replace(/(.)\/$/, "$1"), letters };
}

function ownRule(text: string): Bare<EsxiRule> | string {
  const [, key, json] = /^#\+\s+([a-z-]+):\s+(.+)$/.exec(text) ?? [];
  if (key === undefined || json === undefined) return "it has no key with a value";
  try {
    return { verb: "#+", key, value: JSON.parse(json) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
