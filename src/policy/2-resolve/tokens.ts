import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { capabilityNames, isCapability } from "../../model/capability.ts";
import { isNamed } from "../../model/is-named.ts";
import type { InheritKind, IpcKind, TokenRule } from "../../model/policy.ts";
import type { PolicySource, TokenLine } from "../1-parse/source.ts";
import { parseDomainName } from "../names.ts";
import { expand } from "./expand.ts";
import { ruleSource } from "./rule-source.ts";
import type { Scope } from "./scope.ts";

export function resolveCapabilities(sources: readonly PolicySource[], scope: Scope): TokenRule[] {
  const lines = gather(sources, (source) => source.capabilities, scope.report);
  return canonical(
    lines.flatMap((line) => {
      if (isCapability(line.token)) return [tokenRule(line, line.token)];
      const plain = line.token.toLowerCase().replace(/^cap_/, "");
      const suggestion = isCapability(plain) ? plain : nearest(plain, capabilityNames);
      scope.report(
        diagnose("unknown-capability", line.word.span, { name: line.token }, suggestion),
      );
      return [];
    }),
  );
}

/** `self`, `any`, or names of domains, which may hold variables. */
export function resolveSignals(sources: readonly PolicySource[], scope: Scope): TokenRule[] {
  const lines = gather(sources, (source) => source.signals, scope.report);
  return canonical(
    lines.flatMap((line) =>
      expand(line.word, "plain", scope).flatMap((token) => {
        if (parseDomainName(token) !== null) return [tokenRule(line, token)];
        scope.report(diagnose("bad-name", line.word.span, { value: token, what: "a domain" }));
        return [];
      }),
    ),
  );
}

/** Sections whose names the parser knows already. */
export function resolveFixed(
  sources: readonly PolicySource[],
  section: "ipc",
  report: Report,
): TokenRule<IpcKind>[];
export function resolveFixed(
  sources: readonly PolicySource[],
  section: "inherit",
  report: Report,
): TokenRule<InheritKind>[];
export function resolveFixed(
  sources: readonly PolicySource[],
  section: "ipc" | "inherit",
  report: Report,
): TokenRule[] {
  const lines = gather(sources, (source) => source[section], report);
  return canonical(lines.map((line) => tokenRule(line, line.token)));
}

/** The lines of all sources; warns about one written twice in the same file. */
export function gather(
  sources: readonly PolicySource[],
  section: (source: PolicySource) => readonly TokenLine[],
  report: Report,
): TokenLine[] {
  for (const source of sources) {
    const seen = new Map<string, number>();
    for (const { effect, token, word } of section(source)) {
      const line = seen.get(`${effect} ${token}`);
      if (line !== undefined) report(diagnose("repeated-token", word.span, { token, line }));
      else seen.set(`${effect} ${token}`, word.span.line);
    }
  }
  return sources.flatMap(section);
}

export function tokenRule(line: TokenLine, token: string): TokenRule {
  return {
    effect: line.effect,
    token,
    source: ruleSource(line.word.span, line.effect, line.word.text),
  };
}

/**
 * One rule for each effect and token, sorted: allow before deny, then by token. Of several the
 * first one written stands, but one that names the token itself goes before one that means it by a
 * group: `3-check` refuses what is named.
 */
export function canonical<T extends string>(rules: readonly TokenRule<T>[]): TokenRule<T>[] {
  const first = new Map<string, TokenRule<T>>();
  for (const rule of rules) {
    const key = `${rule.effect} ${rule.token}`;
    const standing = first.get(key);
    if (standing === undefined || (!isNamed(standing) && isNamed(rule))) first.set(key, rule);
  }
  return [...first].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
}
