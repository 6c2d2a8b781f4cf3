import { unprintable } from "../base/printable.ts";
import { type Diagnostic, hasError } from "../diagnostics/diagnostic.ts";
import type { Grant } from "../domains/exceptions.ts";
import { capabilityNames } from "../kinds/capabilities/model.ts";
import { isWordSection, wordKinds, wordSections } from "../kinds/model.ts";
import { exceptionSections } from "../model/exception-rules.ts";
import { isWord } from "../model/word-kind.ts";
import { parsePolicy } from "../policy/1-parse/parse.ts";
import type { PolicySource } from "../policy/1-parse/source.ts";
import { resolve } from "../policy/2-resolve/resolve.ts";
import { isKeyName, type KeyName } from "../policy/language.ts";
import { vocabulary } from "./load.ts";

/** Characters of a grant. */
export const GRANT_LENGTH_MAX = 4_096;

/** How messages name the text that was typed. */
const TYPED = "GRANT";
const NAME = { full: "exception", template: null, instance: null } as const;

export type ParsedGrant =
  | { readonly state: "good"; readonly grant: Grant }
  /** It is no line of a policy. */
  | {
      readonly state: "wrong";
      readonly diagnostics: readonly Diagnostic[];
      readonly sources: ReadonlyMap<string, string>;
    }
  /** It is one, and cannot be an exception. */
  | { readonly state: "refused"; readonly why: string; readonly help: string };

/**
 * A line as a policy has it, with or without its section: `r /srv/new/**`, `files: r /srv/new/**`,
 * `network: - connect tcp 443`.
 */
export function parseGrant(typed: string): ParsedGrant {
  const problem = badText(typed);
  if (problem !== null) return { state: "refused", ...problem };
  const { section, line } = split(typed.trim());
  const allowed = exceptionSections.find((known) => known === section);
  if (allowed === undefined) return { state: "refused", ...fixedAtStart(section, line) };
  const diagnostics: Diagnostic[] = [];
  const report = (one: Diagnostic) => void diagnostics.push(one);
  const before = `{${section}: ['`;
  const bytes = Buffer.from(`${before}${line.replaceAll("'", "''")}']}`);
  const source = parsePolicy({ file: TYPED, bytes, kind: "abstraction", name: TYPED }, report);
  if (source !== null && !hasError(diagnostics)) {
    const set = {};
    resolve(
      { name: NAME, domain: source, abstractions: [], set, vocabulary: vocabulary() },
      report,
    );
  }
  if (source === null || hasError(diagnostics))
    return {
      state: "wrong",
      diagnostics: diagnostics
        .filter((one) => hasError([one]))
        .map((one) => ({ ...one, ...within(one, before.length, line.length) })),
      sources: new Map([[TYPED, line]]),
    };
  if (denies(source))
    return {
      state: "refused",
      why: "an exception grants, and cannot deny",
      help: "write the denial into the policy",
    };
  return { state: "good", grant: { section: allowed, line } };
}

/**
 * A place in the text that was parsed, which stands in quotes behind `before`, as one in `line`.
 */
function within({ column, length }: Diagnostic, before: number, line: number) {
  const begin = Math.max(column - before, 1);
  const end = Math.min(column - before + length, line + 1);
  return { column: begin, length: Math.max(0, end - begin) };
}

function badText(typed: string): { readonly why: string; readonly help: string } | null {
  if (typed.trim() === "")
    return { why: "no grant is given", help: "write a line as a policy has it: 'r /srv/new/**'" };
  if (typed.length > GRANT_LENGTH_MAX)
    return { why: `a grant has at most ${GRANT_LENGTH_MAX} characters`, help: "use a pattern" };
  if (typed.search(unprintable) >= 0)
    return {
      why: "the grant has characters that cannot be seen",
      help: "stand-ins for such a name: `?` for a character, `*` for several",
    };
  if (typed.includes("${"))
    return {
      why: "an exception takes no variables, whose values may change before it ends",
      help: "write what the variable stands for: cofferdam domain show DOMAIN has it",
    };
  return null;
}

const networkWords = /^(?:deny )?(?:connect|listen|netlink|raw|ping|packet|vsock)(?: |$)/;

/** `section` may be any key of a policy. */
function split(typed: string): { readonly section: KeyName; readonly line: string } {
  const [, key = "", rest = ""] = /^([a-z-]+): *(?:- +)?(.*)$/s.exec(typed) ?? [];
  if (isKeyName(key)) return { section: key, line: rest };
  if (networkWords.test(typed)) return { section: "network", line: typed };
  if (typed === "any") return { section: "signals", line: typed };
  const section = wordSections.find((one) => {
    const { words } = wordKinds[one];
    return words !== null && isWord(typed, words);
  });
  if (section !== undefined) return { section, line: typed };
  if (isWord(typed, capabilityNames)) return { section: "capabilities", line: typed };
  const isCall = typed.startsWith("@") || vocabulary().syscalls.has(typed);
  return { section: isCall ? "syscalls" : "files", line: typed };
}

function fixedAtStart(section: KeyName, line: string) {
  const word = isWordSection(section) ? `\`${section}: ${line}\`` : `\`${section}\``;
  return {
    why: `${word} is fixed when a process starts, and could not end while it runs`,
    help:
      `write it into the policy, then restart; exceptions are lines of ` +
      `${exceptionSections.join(", ")}`,
  };
}

function denies(source: PolicySource): boolean {
  return exceptionSections.some((section) =>
    source[section].some(({ effect }) => effect === "deny"),
  );
}
