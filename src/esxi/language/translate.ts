import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { labelPermissions, type Meaning, syscallClasses } from "./keywords.ts";
import type { Labels } from "./labels.ts";
import { meaningOf } from "./meaning-of.ts";
import { ownName, SUPER_DOM } from "./names.ts";
import { grantsOf, type PathKind, unsparable } from "./path-tree.ts";
import type { EsxiDomain, EsxiRule } from "./rule.ts";
import { socketGrants } from "./sockets.ts";

/**
 * The keys of one policy file, in the order of printing. `#+` comments add to lists and replace
 * other values.
 */
export type Keys = Readonly<Record<string, unknown>>;

export interface TranslateOptions {
  readonly labels: Labels;
  readonly kindOf: (path: string) => PathKind;
  readonly report: Report;
}

/**
 * `w` of ESXi includes making and removing names, which are the letters c and d here. A device file
 * contains no names.
 */
const ourLetters = (letter: string, kind: PathKind): string =>
  letter === "w" && kind !== "device" ? "wcd" : letter;

/**
 * Translates one domain's rules to the keys of a policy file. Reports and leaves out what has no
 * meaning on Linux.
 */
export function translate({ level, rules }: EsxiDomain, options: TranslateOptions): Keys {
  const files = pathGrants(pick(rules, "-r"), options);
  const sockets = socketGrants(pick(rules, "-c"), pick(rules, "-p"), files.unix, options.report);
  const labelled = [...pick(rules, "-a"), ...pick(rules, "-d")].map((rule) =>
    labelGrants(rule, options),
  );
  for (const rule of pick(rules, "-E"))
    noMeaning(
      rule,
      "Linux has no packages that are file systems",
      "name the executables under enter",
      options.report,
    );
  const lists: Record<string, readonly unknown[]> = {
    files: [...files.lines, ...labelled.flatMap((grant) => grant.files)],
    network: sockets.network,
    syscalls: [
      ...pick(rules, "-s").flatMap((rule) => callsOf(rule, options.report)),
      ...sockets.syscalls,
    ],
    transitions: labelled.flatMap((grant) => grant.transitions),
  };
  const own = pick(rules, "#+");
  // ESXi's rules do not mention descriptors, so the daemon keeps its standard ones.
  const inherit = own.length > 0 ? {} : { inherit: ["stdio"] };
  return withOwn({ ...(level === null ? {} : { level }), ...lists, ...inherit }, own);
}

type RuleOf<V extends EsxiRule["verb"]> = Extract<EsxiRule, { verb: V }>;

function pick<V extends EsxiRule["verb"]>(rules: readonly EsxiRule[], verb: V): RuleOf<V>[] {
  return rules.filter((rule): rule is RuleOf<V> => rule.verb === verb);
}

function noMeaning({ span, text }: EsxiRule, why: string, instead: string, report: Report): void {
  report(diagnose("esxi-no-meaning", span, { rule: text, why, instead }));
}

function callsOf(rule: RuleOf<"-s">, report: Report): readonly string[] {
  const meaning: Meaning | undefined = meaningOf(syscallClasses, rule.name);
  if (meaning === undefined)
    report(
      diagnose(
        "esxi-keyword",
        rule.span,
        { word: rule.name, what: "class of system calls" },
        nearest(rule.name, Object.keys(syscallClasses)),
      ),
    );
  else if ("calls" in meaning) return meaning.calls;
  else noMeaning(rule, meaning.why, meaning.instead, report);
  return [];
}

function pathGrants(rules: readonly RuleOf<"-r">[], { kindOf, report }: TranslateOptions) {
  const first = new Map<string, RuleOf<"-r">>();
  for (const rule of rules) {
    const { path, letters } = rule;
    const before = first.get(path);
    if (before === undefined) first.set(path, rule);
    else if (before.letters !== letters)
      report(
        diagnose("esxi-twice", rule.span, {
          path,
          letters,
          before: before.letters,
          line: before.span.line,
        }),
      );
  }
  const unspared = unsparable(rules);
  const hard = rules.find(({ path }) => path === unspared);
  if (hard !== undefined) {
    noMeaning(
      hard,
      "a rule above it cannot spare a name that is not ASCII",
      "write the policy file by hand",
      report,
    );
    return { lines: [], unix: [] };
  }
  const grants = grantsOf(rules, kindOf);
  const line = (effect: string, letters: string, patterns: readonly string[]): string =>
    `${effect === "deny" ? "deny " : ""}${letters} ${patterns.join(" ")}`;
  const lines = grants.map(({ effect, letter, patterns }) => {
    const kind = patterns.length === 1 ? kindOf(patterns[0] ?? "") : "directory";
    return line(effect, ourLetters(letter, kind), patterns);
  });
  return { lines, unix: grants.filter(({ letter }) => letter === "w") };
}

function labelGrants(rule: RuleOf<"-a"> | RuleOf<"-d">, { labels, report }: TranslateOptions) {
  const none = { files: [] as string[], transitions: [] as string[] };
  const letter = meaningOf(labelPermissions, rule.permission);
  const paths = labels.get(rule.label) ?? [];
  if (letter === undefined)
    report(
      diagnose(
        "esxi-keyword",
        rule.span,
        { word: rule.permission, what: "permission of files" },
        nearest(rule.permission, Object.keys(labelPermissions)),
      ),
    );
  else if (letter === null)
    noMeaning(rule, "mapping is not mediated on this engine", "leave it out", report);
  else if (paths.length === 0)
    report(diagnose("esxi-label", rule.span, { rule: rule.text, label: rule.label }));
  else if (rule.verb === "-a") return { ...none, files: [`${letter} ${paths.join(" ")}`] };
  else return transitionsTo(rule, paths, report);
  return none;
}

function transitionsTo(rule: RuleOf<"-d">, paths: readonly string[], report: Report) {
  const into = ownName(rule.domain);
  if (
    into === null ||
    rule.permission !== "file_exec" ||
    paths.some((path) => /[*\\?]/.test(path))
  ) {
    const why =
      rule.domain === SUPER_DOM
        ? "no domain leads out of all domains"
        : "a transition needs whole paths and a domain";
    noMeaning(rule, why, 'write the transition by hand: #+ transitions: "PATH -> DOMAIN"', report);
    return { files: [], transitions: [] };
  }
  return {
    files: [`rx ${paths.join(" ")}`],
    transitions: paths.map((path) => `${path} -> ${into}`),
  };
}

/** A `#+` comment has a policy file's key and value; reading the policy file checks them. */
function withOwn(keys: Record<string, unknown>, own: readonly RuleOf<"#+">[]): Keys {
  const all = { ...keys };
  const scalars = new Set([
    "summary",
    "level",
    "mediation",
    "user",
    "group",
    "domain",
    "core-dumps",
    "late-names",
  ]);
  for (const { key, value } of own) {
    const before = meaningOf(all, key);
    all[key] = scalars.has(key) ? value : [...(Array.isArray(before) ? before : []), value];
  }
  return all;
}
