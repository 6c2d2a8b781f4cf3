import { LINKS_FOLLOWED_MAX } from "../model/limits.ts";
import { nameOfBytes } from "../model/name-bytes.ts";
import { alternatives, escapeName, literalPrefix, type Pattern, parsePattern } from "../model/pattern.ts";
import { Permission } from "../model/permission.ts";
import type { NameRule } from "../model/policy.ts";
import type { Snapshot } from "../model/snapshot.ts";

/** A name as the policy writes it, and what it resolved to. */
export interface ResolvedName {
  readonly written: string;
  readonly canonical: string;
}

/** Operations on a name that do not follow a symbolic link which has that name. */
const onTheLink = Permission.create | Permission.delete | Permission.listen;

/**
 * Rules that speak about canonical names: symbolic links in the plain beginning of a pattern are followed, as the host has
 * them now. A plain name that is itself a link keeps what concerns the link and passes the rest on to what it leads to.
 * Denials stay for the written name as well: taking away more is safe. Links on procfs mean another thing to every process and are left alone.
 */
export function canonicaliseRules(
  rules: readonly NameRule[],
  snapshot: Snapshot,
): { readonly rules: readonly NameRule[]; readonly resolved: readonly ResolvedName[] } {
  const resolved = new Map<string, string>();
  const canonical = rules.flatMap((rule) => canonicaliseRule(rule, snapshot, resolved));
  return {
    rules: canonical,
    resolved: [...resolved]
      .map(([written, to]) => ({ written, canonical: to }))
      .sort((a, b) => (a.written < b.written ? -1 : 1)),
  };
}

function canonicaliseRule(rule: NameRule, snapshot: Snapshot, resolved: Map<string, string>): NameRule[] {
  const parsed = parsePattern(rule.pattern);
  if ("problem" in parsed) return [rule];
  const texts = alternatives(parsed.pattern);
  const result: NameRule[] = [];
  for (const [index, components] of alternativesOf(parsed.pattern).entries()) {
    const text = texts[index] ?? "";
    if (!text.startsWith("/")) {
      // An abstract socket's name: there is nothing to follow.
      result.push({ ...rule, pattern: text });
      continue;
    }
    const literal = components.findIndex(({ name }) => name === null);
    const plain = components.slice(0, literal === -1 ? components.length : literal);
    const rest = components.slice(plain.length).map(({ text }) => text);
    const written = `/${plain.map(({ name }) => name).join("/")}`;
    const whole = rest.length === 0;
    const parent = whole
      ? resolveLinks(
          `/${plain
            .slice(0, -1)
            .map(({ name }) => name)
            .join("/")}`,
          snapshot,
        )
      : null;
    const last = plain.at(-1)?.name ?? "";
    const own = parent === null ? null : join(parent, last);
    const target = followed(rule, written, snapshot);
    if (target !== written) resolved.set(written, target);
    const pattern = (name: string) => [name === "/" ? "" : escapeName(name), ...rest].join("/") || "/";
    // In a whole name, `own` is the link and `target` what it leads to; they differ only where the name is a link.
    if (own !== null && own !== target) {
      result.push(...only(rule, pattern(own), onTheLink), ...only(rule, pattern(target), ~onTheLink));
    } else {
      result.push({ ...rule, pattern: pattern(target) });
    }
    if (rule.effect === "deny" && target !== written) result.push({ ...rule, pattern: pattern(written) });
  }
  const unchanged =
    result.every(({ permissions }) => permissions === rule.permissions) && sameNames(result, parsed.pattern);
  return unchanged ? [rule] : result;
}

/**
 * Where the name leads. A target that no pattern can write (control characters, bytes that are no UTF-8) would be widened
 * to a pattern with `?`: a grant stays with the written name then, and grants nothing.
 */
function followed(rule: NameRule, written: string, snapshot: Snapshot): string {
  const target = resolveLinks(written, snapshot);
  const writable = parsePattern(target === "/" ? target : escapeName(target));
  const faithful = "pattern" in writable && literalPrefix(writable.pattern) === target;
  return faithful || rule.effect === "deny" ? target : written;
}

function only(rule: NameRule, pattern: string, mask: number): NameRule[] {
  const permissions = rule.permissions & mask;
  return permissions === 0 ? [] : [{ ...rule, pattern, permissions }];
}

/** No component was moved: the rule can stay as it is written, braces and all. */
function sameNames(rules: readonly NameRule[], pattern: Pattern): boolean {
  const texts = alternatives(pattern).map((text, index) => normal(text, alternativesOf(pattern)[index] ?? []));
  return rules.length === texts.length && rules.every(({ pattern: text }, index) => text === texts[index]);
}

function normal(text: string, components: readonly Component[]): string {
  if (!text.startsWith("/")) return text;
  return `/${components.map((component) => (component.name === null ? component.text : escapeName(component.name))).join("/")}`;
}

interface Component {
  readonly text: string;
  /** null when it leaves a choice. */
  readonly name: string | null;
}

function alternativesOf(pattern: Pattern): Component[][] {
  return pattern.alternatives.map(({ atoms }) => {
    const parts: { text: string; bytes: number[] | null }[] = [];
    for (const atom of atoms) {
      if (atom.kind === "byte" && atom.byte === 0x2f) {
        parts.push({ text: "", bytes: [] });
        continue;
      }
      const part = parts.at(-1);
      if (part === undefined) continue;
      part.text += atom.text;
      if (atom.kind === "byte") part.bytes?.push(atom.byte);
      else part.bytes = null;
    }
    const named = parts.map(({ text, bytes }) => ({ text, name: bytes && nameOfBytes(Uint8Array.from(bytes)) }));
    return named.length === 1 && named[0]?.text === "" ? [] : named;
  });
}

/** The name without symbolic links, as far as it exists; what does not exist is kept as written. Links that go round end where the kernel gives up. */
export function resolveLinks(name: string, snapshot: Snapshot): string {
  let done = "/";
  let left = name.split("/").filter((component) => component !== "");
  for (let followed = 0; left.length > 0; ) {
    const [component = "", ...rest] = left;
    left = rest;
    if (component === ".") continue;
    if (component === "..") {
      done = done.slice(0, Math.max(1, done.lastIndexOf("/")));
      continue;
    }
    const next = join(done, component);
    const node = snapshot.lookup(next);
    if (node?.kind !== "symlink" || node.procfs || node.target === null || followed++ >= LINKS_FOLLOWED_MAX) {
      done = next;
      continue;
    }
    if (node.target.startsWith("/")) done = "/";
    left = [...node.target.split("/").filter((part) => part !== ""), ...left];
  }
  return done;
}

function join(directory: string, component: string): string {
  if (component === "") return directory;
  return directory === "/" ? `/${component}` : `${directory}/${component}`;
}
