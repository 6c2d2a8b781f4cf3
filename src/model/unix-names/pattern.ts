import { nameOfBytes } from "../name-bytes.ts";
import { parsePattern } from "../pattern.ts";
import { Permission } from "../permission.ts";
import type { NameRule } from "../rule.ts";
import type { Snapshot } from "../snapshot.ts";

const SLASH = "/";

/**
 * Why a program that compares names as text cannot enforce a grant to connect to pathnames; null if
 * it can, and for every other rule. The kernel follows each symbolic link that matches, to a socket
 * of another name. So wildcards are accepted only in the last component, in a folder without links
 * in which not all users may make one. (A user who may write the folder could replace a plain name
 * by a link, too.)
 */
export function whyNotCompared(rule: NameRule, snapshot: Snapshot | null): string | null {
  const folders = foldersOfChoice(rule);
  if (folders === null) return "leaves a choice of folders, and the kernel would follow every link";
  for (const folder of folders) {
    const why = snapshot === null ? "leaves a choice of names" : whyNotIn(folder, snapshot);
    if (why !== null) return why;
  }
  return null;
}

/**
 * The folders in whose names a grant to connect has wildcards, without links that the policy
 * resolves. Empty for a plain name; null if folders have wildcards, too.
 */
export function foldersOfChoice({ effect, permissions, pattern }: NameRule): string[] | null {
  if (effect === "deny" || (permissions & Permission.connect) === 0) return [];
  const parsed = parsePattern(pattern);
  if ("problem" in parsed) return [];
  const folders: string[] = [];
  for (const { atoms } of parsed.pattern.alternatives) {
    if (atoms[0]?.text === "@" || atoms.every(({ kind }) => kind === "byte")) continue;
    const last = atoms.findLastIndex(({ text }) => text === SLASH);
    const folder = atoms.slice(0, last);
    const isOpen = folder.some(({ kind }) => kind !== "byte");
    if (isOpen || atoms.some(({ kind }) => kind === "globstar")) return null;
    const bytes = folder.map((atom) => (atom.kind === "byte" ? atom.byte : 0));
    folders.push(bytes.length === 0 ? SLASH : nameOfBytes(Uint8Array.from(bytes)));
  }
  return folders;
}

function whyNotIn(folder: string, snapshot: Snapshot): string | null {
  const node = snapshot.lookup(folder);
  if (node === null) {
    // A process that may make the folder may put links into it.
    if (folder === SLASH) return null;
    const above = folder.slice(0, folder.lastIndexOf(SLASH)) || SLASH;
    return snapshot.lookup(above) === null ? whyNotIn(above, snapshot) : whyOpen(above, snapshot);
  }
  if (node.kind !== "directory") return `leads through ${folder}, which is not a folder`;
  const open = whyOpen(folder, snapshot);
  if (open !== null) return open;
  const below = folder === SLASH ? SLASH : `${folder}${SLASH}`;
  const names = snapshot.list(folder);
  if (names === null) return `leaves a choice of names in ${folder}, which cannot be listed`;
  const link = names.find((name) => snapshot.lookup(`${below}${name}`)?.kind === "symlink");
  return link === undefined ? null : `may match a link, as ${below}${link} is one`;
}

function whyOpen(folder: string, snapshot: Snapshot): string | null {
  return snapshot.lookup(folder)?.othersMayWrite === true
    ? `may match a link, because every user may make one in ${folder}`
    : null;
}
