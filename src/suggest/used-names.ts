import { answeredOnce } from "../base/answered-once.ts";
import { isCanonicalName } from "../model/canonical-name.ts";
import { permissionsOf } from "../model/decide/permissions-of.ts";
import { Permission, type PermissionSet, permissionLetters } from "../model/permission.ts";
import type { Policy } from "../model/policy.ts";
import type { NameRequest, TwoNameRequest } from "../model/request.ts";
import type { Need } from "./need.ts";

/** Letters that the domain needs on one name, and what told so. */
export interface UsedName {
  readonly path: string;
  permissions: PermissionSet;
  readonly needs: Set<Need>;
  /** The domain makes it, or renames to it. */
  isMade: boolean;
}

export const ALL_LETTERS: PermissionSet = Object.values(permissionLetters).reduce(
  (set, bit) => set | bit,
  0,
);

/** What was asked of files, by name. */
export function usedNames(policy: Policy, needs: readonly Need[]): Map<string, UsedName> {
  const used = new Map<string, UsedName>();
  const use = (path: string, permissions: PermissionSet, need: Need) => {
    if (!path.startsWith("/") || !isCanonicalName(path)) return;
    const name = used.get(path) ?? { path, permissions: 0, needs: new Set(), isMade: false };
    name.permissions |= permissions;
    name.isMade ||= (permissions & Permission.create) !== 0;
    name.needs.add(need);
    used.set(path, name);
  };
  const renames: { readonly from: string; readonly to: string; readonly need: Need }[] = [];
  for (const need of needs) {
    const { request } = need;
    if (request.class === "name") {
      // Sockets have lines of `network`.
      const letters = lettersOf(request) & ALL_LETTERS;
      if (letters !== 0) use(request.path, letters, need);
      if (leavesAtEnd(request)) use(request.path, Permission.delete, need);
    } else if (request.class === "two-names" && !request.directory) {
      const { operation, from, to } = request as TwoNameRequest;
      use(to, Permission.create, need);
      if (operation === "rename") {
        use(from, Permission.delete, need);
        // The next time there is a file to replace, though there was none this time.
        use(to, Permission.delete, need);
      }
      renames.push({ from, to, need });
    }
  }
  giveBeforeRename(policy, used, renames, use);
  for (const name of used.values()) {
    // Of a rename, one of the two names may be granted.
    name.permissions &= ~permissionsOf(policy, name.path);
    if (name.permissions === 0) used.delete(name.path);
  }
  return used;
}

/**
 * What a daemon makes in /run it removes when it stops, or at its next start: neither may have been
 * seen.
 */
function leavesAtEnd({ operation, path }: NameRequest): boolean {
  return (operation === "create" || operation === "listen") && path.startsWith("/run/");
}

/**
 * An object may gain nothing by its new name (`gain`), so the old name needs the letters of the new
 * one, and so do the names before it in a chain of renames.
 */
function giveBeforeRename(
  policy: Policy,
  used: ReadonlyMap<string, UsedName>,
  renames: readonly { readonly from: string; readonly to: string; readonly need: Need }[],
  use: (path: string, permissions: PermissionSet, need: Need) => void,
): void {
  const ofObject = ALL_LETTERS & ~(Permission.create | Permission.delete);
  const grantedAt = answeredOnce((path) => permissionsOf(policy, path));
  const lettersAt = (path: string) => (used.get(path)?.permissions ?? 0) | grantedAt(path);
  const byTarget = new Map<string, (typeof renames)[number][]>();
  for (const one of renames) addTo(byTarget, one.to, one);
  const open = [...renames];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const { from, to, need } = one;
    const before = lettersAt(from);
    use(from, lettersAt(to) & ~before & ofObject, need);
    if (lettersAt(from) !== before) open.push(...(byTarget.get(from) ?? []));
  }
}

function lettersOf({ operation }: NameRequest): PermissionSet {
  // The kernel reads what it executes.
  return operation === "execute" ? Permission.execute | Permission.read : Permission[operation];
}

export function addTo<T>(groups: Map<string, T[]>, key: string, one: T): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [one]);
  else group.push(one);
}
