import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Entry, Transition } from "../../model/policy.ts";
import type { EntrySource, TransitionLine, Word } from "../1-parse/source.ts";
import { parseDomainName } from "../names.ts";
import { expand } from "./expand.ts";
import { ruleSource } from "./rule-source.ts";
import type { Scope } from "./scope.ts";

export function resolveEntries(entries: readonly EntrySource[], scope: Scope): Entry[] {
  return entries.flatMap((entry): Entry[] => {
    if (entry.kind === "exec")
      return paths(entry.value, scope).map((path) => ({ kind: "exec", path }));
    const { kind, value, outside } = entry;
    const left = outside.length === 0 ? {} : { outside };
    return expand(value, "plain", scope).map((unit) => ({ kind, unit, ...left }));
  });
}

export function resolveTransitions(lines: readonly TransitionLine[], scope: Scope): Transition[] {
  return lines.flatMap(({ path, into }) => {
    const domains = expand(into, "plain", scope).filter((domain) => {
      if (parseDomainName(domain) !== null) return true;
      scope.report(diagnose("bad-name", into.span, { value: domain, what: "a domain" }));
      return false;
    });
    return paths(path, scope).flatMap((plain) =>
      domains.map((domain): Transition => {
        return {
          path: plain,
          into: domain,
          source: ruleSource(path.span, "allow", `${plain} -> ${domain}`),
        };
      }),
    );
  });
}

export function resolveSetUserId(words: readonly Word[], scope: Scope): string[] {
  return [...new Set(words.flatMap((word) => paths(word, scope)))].sort();
}

/** The absolute paths that a word stands for; patterns and other texts are reported. */
function paths(word: Word, scope: Scope): string[] {
  return expand(word, "plain", scope).filter((path) => {
    if (isPlainPath(path)) return true;
    scope.report(diagnose("bad-path", word.span, { word: path }));
    return false;
  });
}

function isPlainPath(path: string): boolean {
  return /^(?:\/(?!\.{1,2}(?:\/|$))[^/*?[\]{}\\\s]+)+$/.test(path);
}
