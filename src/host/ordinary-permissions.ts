import { MODE_BITS, STICKY } from "../base/modes.ts";
import { presentAccounts } from "../compile/policy-accounts.ts";
import { S_IFDIR, S_IFMT } from "../kernel/constants.ts";
import { type CapabilityName, capabilityNames } from "../kinds/capabilities/model.ts";
import { namesOf } from "../kinds/names/model.ts";
import { decide } from "../model/decide.ts";
import type { Policy } from "../model/policy.ts";
import type { NameRequest, Request } from "../model/request.ts";

/** The user that asks, as far as the host's accounts tell it. */
export interface Asker {
  readonly uid: number;
  readonly gids: readonly number[];
  readonly name: string | null;
  /** A user other than root has none, as far as Cofferdam knows. */
  readonly capabilities: ReadonlySet<CapabilityName>;
}

interface Status {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** null for what is not there. */
type Look = (path: string) => Status | null;

/** With the capabilities that the policy grants, if it is root. */
export function askerOf(uid: number, policy: Policy): Asker {
  const { users, groups } = presentAccounts();
  const user = users.find((one) => one.uid === uid);
  const gids = groups
    .filter(({ members }) => user !== undefined && members.includes(user.name))
    .map(({ gid }) => gid);
  const granted = capabilityNames.filter(
    (name) => decide(policy, { class: "capability", name }).outcome === "granted",
  );
  return {
    uid,
    gids: user === undefined ? gids : [user.gid, ...gids],
    name: user?.name ?? null,
    capabilities: new Set(uid === 0 ? granted : []),
  };
}

/** The user of a daemon that runs in the domain; null if only the daemon knows it. */
export function userOf({ user }: Policy): number | null {
  const account = presentAccounts().users.find((one) => one.name === user);
  return account?.uid ?? (/^\d+$/.test(user ?? "") ? Number(user) : null);
}

/**
 * Why the modes and owners of the host's files refuse the request, whatever the policy says; null
 * if they do not, or if that cannot be told. Access control lists are not looked at.
 */
export function ordinaryRefusal(request: Request, asker: Asker, look: Look): string | null {
  if (request.class === "two-names")
    return firstOf(namesOf(request).map((one) => () => refusalOf(one, asker, look)));
  return request.class === "name" ? refusalOf(request, asker, look) : null;
}

function firstOf(questions: readonly (() => string | null)[]): string | null {
  for (const ask of questions) {
    const answer = ask();
    if (answer !== null) return answer;
  }
  return null;
}

const READ = 4;
const WRITE = 2;
const EXECUTE = 1;

/** The permission bit that an operation on what is there needs, in words. */
const needs: Readonly<
  Partial<Record<NameRequest["operation"], { readonly bit: number; readonly what: string }>>
> = {
  read: { bit: READ, what: "read it" },
  map: { bit: READ, what: "read it" },
  write: { bit: WRITE, what: "write it" },
  connect: { bit: WRITE, what: "connect to it" },
  execute: { bit: EXECUTE, what: "execute it" },
};

function refusalOf({ operation, path }: NameRequest, asker: Asker, look: Look): string | null {
  if (!path.startsWith("/") || path === "/") return null;
  const refuses = (name: string, bit: number, what: string) => {
    const stats = look(name);
    const isRefused = stats !== null && !isAllowed(stats, bit, asker);
    return isRefused ? say(name, stats, what, asker) : null;
  };
  const folders = waysTo(path);
  const passing = folders.map((folder) => () => refuses(folder, EXECUTE, "pass through it"));
  const need = needs[operation];
  if (need !== undefined) return firstOf([...passing, () => refuses(path, need.bit, need.what)]);
  const parent = folders.at(-1) ?? "/";
  const changing = () => refuses(parent, WRITE, "make or remove names in it");
  switch (operation) {
    case "create":
    case "listen":
      return firstOf([...passing, changing]);
    case "delete":
      return firstOf([...passing, changing, () => keptByOwner(path, parent, asker, look)]);
    case "attributes":
      return firstOf([...passing, () => ofOwner(path, asker, look)]);
    default:
      return firstOf(passing);
  }
}

/** The folders on the way to a name, the root first. */
function waysTo(path: string): readonly string[] {
  const components = path.split("/").slice(1, -1);
  return ["/", ...components.map((_, depth) => `/${components.slice(0, depth + 1).join("/")}`)];
}

/** generic_permission() of fs/namei.c, without access control lists. */
function isAllowed({ mode, uid, gid }: Status, bit: number, asker: Asker): boolean {
  const shift = uid === asker.uid ? 6 : asker.gids.includes(gid) ? 3 : 0;
  if (((mode >> shift) & bit) !== 0) return true;
  const isFolder = (mode & S_IFMT) === S_IFDIR;
  const has = (name: CapabilityName) => asker.capabilities.has(name);
  if (has("dac_read_search") && (bit === READ || (isFolder && bit === EXECUTE))) return true;
  return has("dac_override") && (bit !== EXECUTE || isFolder || (mode & EXECUTE_BITS) !== 0);
}

/** For some user. */
const EXECUTE_BITS = 0o111;

function keptByOwner(path: string, parent: string, asker: Asker, look: Look): string | null {
  const [folder, stats] = [look(parent), look(path)];
  if (folder === null || stats === null || (folder.mode & STICKY) === 0) return null;
  const isOwner = folder.uid === asker.uid || stats.uid === asker.uid;
  if (isOwner || asker.capabilities.has("fowner")) return null;
  return say(parent, folder, `remove another user's name from it`, asker);
}

function ofOwner(path: string, asker: Asker, look: Look): string | null {
  const stats = look(path);
  if (stats === null || stats.uid === asker.uid || asker.capabilities.has("fowner")) return null;
  return say(path, stats, "change its attributes", asker);
}

function say(path: string, { mode, uid, gid }: Status, what: string, asker: Asker): string {
  const octal = (mode & MODE_BITS).toString(8).padStart(4, "0");
  const bare = asker.uid === 0 ? " with only the capabilities of the policy" : "";
  const who = `${asker.name ?? `user ${asker.uid}`}${bare}`;
  return `${path} has mode ${octal}, owner ${uid}, group ${gid}: ${who} may not ${what}`;
}
