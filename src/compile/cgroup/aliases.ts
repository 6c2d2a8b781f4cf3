import { type Automaton, walkName } from "../../model/automaton/automaton.ts";
import { nameOfBytes } from "../../model/name-bytes.ts";
import { parsePattern } from "../../model/pattern.ts";
import { Permission } from "../../model/permission.ts";
import type { Policy } from "../../model/policy.ts";
import { resolveLinks } from "../../model/resolve-links.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { foldersOfChoice } from "../../model/unix-names/pattern.ts";

/**
 * A name that leads through symbolic links, such as `/dev/log` or `/var/run`. The kernel programs
 * see the name that the daemon passes. So that name and everything below it is judged by where it
 * leads.
 */
export interface NameAlias {
  readonly written: string;
  readonly canonical: string;
  readonly links: readonly string[];
}

/** More than the kernel follows. */
const LINKS_MAX = 64;

/** Links that programs rely on whatever the policy says: the C library logs to `/dev/log`. */
const COMMON_LINKS = ["/var/run", "/dev/log"];

/**
 * Aliases of the names that a policy, as written, grants to connect to, of folders in which it
 * grants several, and of links that most hosts have.
 */
export function unixAliases(written: Policy, snapshot: Snapshot): NameAlias[] {
  const names = written.names
    .filter(
      ({ effect, permissions }) => effect === "allow" && (permissions & Permission.connect) !== 0,
    )
    .flatMap((rule) => [...plainNames(rule.pattern), ...(foldersOfChoice(rule) ?? [])]);
  return nameAliases([...new Set([...COMMON_LINKS, ...names])].sort(), snapshot);
}

/**
 * One name for each choice in braces. The kernel programs cannot use patterns with wildcards or
 * sets.
 */
function plainNames(pattern: string): string[] {
  const parsed = parsePattern(pattern);
  if ("problem" in parsed) return [];
  return parsed.pattern.alternatives
    .filter(({ atoms }) => atoms[0]?.text === "/" && atoms.every((atom) => atom.kind === "byte"))
    .map(({ atoms }) =>
      nameOfBytes(Uint8Array.from(atoms, (atom) => (atom.kind === "byte" ? atom.byte : 0))),
    );
}

/**
 * `written`: absolute names without pattern characters. Names that lead through no link, or in a
 * loop of links, have no alias.
 */
export function nameAliases(written: readonly string[], snapshot: Snapshot): NameAlias[] {
  return written.flatMap((name) => {
    const canonical = resolveLinks(name, snapshot);
    return canonical === null || canonical === name
      ? []
      : [{ written: name, canonical, links: linksOf(name, snapshot) }];
  });
}

function linksOf(name: string, snapshot: Snapshot): string[] {
  const links: string[] = [];
  const pending = [name];
  for (
    let path = pending.pop();
    path !== undefined && links.length < LINKS_MAX;
    path = pending.pop()
  ) {
    const parts = path.split("/").filter((part) => part !== "");
    for (const [i, part] of parts.entries()) {
      const parent = resolveLinks(`/${parts.slice(0, i).join("/")}`, snapshot);
      if (parent === null) return links;
      const own = `${parent === "/" ? "" : parent}/${part}`;
      const node = part === "." || part === ".." ? null : snapshot.lookup(own);
      if (node?.kind !== "symlink" || node.target === null || links.includes(own)) continue;
      links.push(own);
      pending.push(node.target.startsWith("/") ? node.target : `${parent}/${node.target}`);
    }
  }
  return links;
}

/** null if the domain could redirect the alias: then nothing is granted through it. */
export function aliasState(automaton: Automaton, { canonical, links }: NameAlias): number | null {
  if (
    links.length >= LINKS_MAX ||
    [canonical, ...links].some((name) => isRedirectable(automaton, name))
  )
    return null;
  return walkName(automaton, canonical);
}

/** Whether the domain may create or remove the name or one of its parents. */
function isRedirectable(automaton: Automaton, name: string): boolean {
  const parts = name.split("/");
  return parts.some((_, i) => {
    const prefix = parts.slice(0, i + 1).join("/");
    const permissions = automaton.permissions(walkName(automaton, prefix));
    return (permissions & (Permission.create | Permission.delete)) !== 0;
  });
}
