import { answeredOnce } from "../base/answered-once.ts";
import { strongCapabilities } from "../kinds/capabilities/policy.ts";
import { compilesInMemory } from "../kinds/memory/policy.ts";
import { socketProtocols } from "../kinds/sockets/model.ts";
import { namesAsked } from "../model/automaton/build.ts";
import { bytesOfName } from "../model/name-bytes.ts";
import { coverage, isLiteral, literalPrefix, parsePattern } from "../model/pattern.ts";
import { Permission, type PermissionSet } from "../model/permission.ts";
import type { NameRule, Policy } from "../model/policy.ts";
import type { Request, SocketRequest } from "../model/request.ts";
import { prefixOf } from "../model/within.ts";
import { isHome, secret, shared } from "../policy/3-check/shared-folders.ts";
import { ofAddresses } from "./dangerous-addresses.ts";
import {
  becomesRoot,
  examples,
  holdsDisks,
  obeyed,
  type Place,
  secrets,
  servers,
  shells,
} from "./dangerous-places.ts";
import { type GrantedNames, grantedAddresses, grantedNames, type Proposal } from "./proposal.ts";

/**
 * capabilities(7): each of these leads to all others, around what confines a domain, or to what
 * belongs to the whole host.
 */
const mighty: ReadonlySet<string> = new Set([
  ...Object.keys(strongCapabilities),
  "sys_boot",
  "checkpoint_restore",
  "mknod",
  "setfcap",
  "net_admin",
  "audit_control",
]);

/** System calls that reach other processes or the whole host, or undo what confines a process. */
const mightyCalls: ReadonlySet<string> = new Set([
  "ptrace",
  "process_vm_readv",
  "process_vm_writev",
  "process_madvise",
  "pidfd_getfd",
  "kcmp",
  "unshare",
  "chroot",
  "personality",
  "modify_ldt",
  "syslog",
  "vhangup",
  "settimeofday",
  "clock_settime",
  "clock_adjtime",
  "adjtimex",
  "sethostname",
  "setdomainname",
]);

export function isMightyCall(name: string): boolean {
  return mightyCalls.has(name);
}

/** Of these, a process without capabilities can ask the kernel nothing that others depend on. */
const harmlessNetlink: ReadonlySet<number> = new Set([
  socketProtocols.netlink.route,
  socketProtocols.netlink.usersock,
  socketProtocols.netlink["sock-diag"],
  socketProtocols.netlink["fib-lookup"],
  socketProtocols.netlink["kobject-uevent"],
  socketProtocols.netlink.generic,
  socketProtocols.netlink.crypto,
]);

const SET_USER_ID = "it acts as another user, mostly root, for whoever executes it";

const readings = Permission.read | Permission.execute | Permission.map | Permission.ioctl;
const changes = Permission.write | Permission.create | Permission.delete | Permission.attributes;
const runs = Permission.execute | Permission.map;
const fills = Permission.write | Permission.create;

/** What a line is judged by. */
export interface DangerContext {
  readonly before: Policy;
  /** The policy with all proposed lines. */
  readonly after: Policy;
  /** The other domains of this host. */
  readonly others: readonly Policy[];
  /** Those of them whose ports are in use. */
  readonly listeners?: readonly Policy[];
  /** Whether a file makes whoever executes it another user. */
  readonly isSetUserId: (path: string) => boolean;
}

/**
 * Why a person should look at a line before it is granted; empty if nothing is known. A line is
 * judged by what it grants, not only by what was asked: a pattern also by the names of this host
 * and the known places that it matches.
 */
export function judgeDangers(context: DangerContext): (one: Proposal) => string[] {
  const { before, after, others, listeners = [] } = context;
  const own = { before: lettersOf(before.names), after: lettersOf(after.names) };
  const users = others
    .filter(({ name }) => templateOf(name) !== templateOf(after.name))
    .map(({ name, names }) => ({ name, letters: lettersOf(names.filter(isOwn)) }));
  return (proposal) => {
    const found = new Set<string>();
    const add = (reasons: readonly string[]) => {
      for (const why of reasons) found.add(why);
    };
    for (const granted of grantedNames(proposal)) {
      const { names, reasons } = reached(granted, proposal);
      add(reasons);
      for (const name of names) add(ofName(name, granted.permissions, users, own, context));
    }
    for (const { request } of proposal.needs) add(ofRequest(request));
    for (const { request } of proposal.needs) add(ofOverride(request, users, own, context));
    add(ofAddresses(grantedAddresses(proposal), listeners));
    add(ofMemory(proposal));
    return [...found];
  };
}

type Letters = (name: string) => PermissionSet;

/** What the domain itself is granted. */
interface Own {
  readonly before: Letters;
  readonly after: Letters;
}

interface User {
  readonly name: string;
  readonly letters: Letters;
}

function lettersOf(rules: readonly NameRule[]): Letters {
  return answeredOnce(namesAsked(rules));
}

/** `worker@`: another instance of a template has the same rules. Else the domain itself. */
function templateOf(domain: string): string {
  const at = domain.indexOf("@");
  return at < 0 ? domain : domain.slice(0, at + 1);
}

/** Not a grant of everything in a folder that programs share. */
function isOwn(rule: NameRule): boolean {
  if (rule.effect === "deny") return true;
  const prefix = prefixOf(rule);
  if (/^\/(?:dev|proc|sys|tmp|var\/tmp)(?:\/|$)/.test(prefix)) return false;
  return !(shared.includes(prefix) && /\/\*\*?$/.test(rule.pattern));
}

/** Names by which a line is judged, and what is to be said of the pattern itself. */
function reached(
  { pattern: text, permissions }: GrantedNames,
  { others = [], needs }: Proposal,
): { readonly names: readonly string[]; readonly reasons: readonly string[] } {
  const parsed = parsePattern(text);
  if ("problem" in parsed) return { names: [], reasons: [] };
  const { pattern } = parsed;
  const prefix = literalPrefix(pattern);
  if (isLiteral(pattern)) return { names: [prefix], reasons: [] };
  const isReached = (name: string) => (coverage(pattern, bytesOfName(name)) & permissions) !== 0;
  const asked = needs.flatMap(({ request }) => (request.class === "name" ? [request.path] : []));
  const below = prefix === "/" ? "/-" : `${prefix}/-`;
  return {
    names: [...examples, ...others, ...asked, below].filter(isReached),
    reasons: ofWholeFolder(text, prefix),
  };
}

function ofWholeFolder(text: string, folder: string): readonly string[] {
  const isShared = shared.includes(folder) || secret.includes(folder) || isHome(folder);
  if (!isShared && !holdsDisks.test(folder)) return [];
  const last = text.slice(text.lastIndexOf("/") + 1);
  if (/^\*\*?$/.test(last)) return [`everything in ${folder}, which programs share`];
  // A pattern without a character of its own, such as `??????`.
  const isAnyName = /^[?*]+$/.test(last);
  return isAnyName ? [`names of other programs in ${folder} fit the pattern`] : [];
}

function ofName(
  path: string,
  permissions: PermissionSet,
  users: readonly User[],
  own: Own,
  { isSetUserId }: DangerContext,
): readonly string[] {
  const isChange = (permissions & changes) !== 0;
  const isSocket = (permissions & (Permission.connect | Permission.listen)) !== 0;
  const why = (places: readonly Place[]) =>
    places
      .filter(({ names }) => names.test(path))
      .slice(0, 1)
      .map((place) => place.why);
  const isFile = (permissions & (readings | changes)) !== 0;
  const isRun = (permissions & Permission.execute) !== 0;
  return [
    ...(isFile ? why(secrets) : []),
    ...(isChange || (permissions & Permission.listen) !== 0 ? why(obeyed) : []),
    // Who removes a server's socket can take its place.
    ...(isSocket || (permissions & Permission.delete) !== 0 ? why(servers) : []),
    ...(isRun ? why(shells) : []),
    ...(isRun && (becomesRoot.test(path) || isSetUserId(path)) ? [SET_USER_ID] : []),
    ...(isFile && isDevice(path) ? ["it is a device"] : []),
    ...(isFile ? ofOthers(path, isChange, users) : []),
    ...(isFile ? ofOwnProgram(path, permissions, own) : []),
  ];
}

function isDevice(path: string): boolean {
  if (!path.startsWith("/dev/")) return false;
  return !/^\/dev\/(?:null|zero|full|u?random|tty|shm|shm\/.*)$/.test(path);
}

function ofOthers(path: string, isChange: boolean, users: readonly User[]): readonly string[] {
  const uses = isChange ? fills | readings : fills;
  const user = users.find(({ letters }) => (letters(path) & uses) !== 0);
  if (user === undefined) return [];
  return (user.letters(path) & fills) !== 0
    ? [`domain ${user.name} keeps its own data there`]
    : [`domain ${user.name} reads or runs it`];
}

/** What a domain wrote, it could run: code of a break-in. */
function ofOwnProgram(path: string, permissions: PermissionSet, own: Own): readonly string[] {
  const isRun = (permissions & runs) !== 0 && ((own.after(path) | permissions) & fills) !== 0;
  const isFilled = (permissions & fills) !== 0 && (own.before(path) & runs) !== 0;
  return isRun || isFilled ? ["the domain could run what it writes there"] : [];
}

function ofRequest(request: Request): readonly string[] {
  switch (request.class) {
    case "capability":
      return mighty.has(request.name) ? [`${request.name} reaches far beyond one daemon`] : [];
    case "syscall":
      return isMightyCall(request.name) ? [`${request.name} reaches beyond one process`] : [];
    case "signal":
      return request.domain === "superDom"
        ? ["any process of the host can be stopped"]
        : [`processes of domain ${request.domain} can be stopped`];
    case "socket":
      return ofSocket(request);
    default:
      return [];
  }
}

/**
 * It takes away what owners and modes refuse, of the names that the policy grants; no other name
 * comes into reach. So it is as dangerous as these are.
 */
function ofOverride(
  request: Request,
  users: readonly User[],
  own: Own,
  context: DangerContext,
): readonly string[] {
  if (request.class !== "capability" || request.name !== "dac_override") return [];
  return examples
    .filter((name) => ofName(name, own.before(name) & ~runs, users, own, context).length > 0)
    .map((name) => `owner and mode of ${name} no longer protect it`);
}

function ofSocket({ family, protocol }: SocketRequest): readonly string[] {
  if (["packet", "raw", "vsock"].includes(family))
    return ["such sockets pass by what the policy says of addresses"];
  return family === "netlink" && !harmlessNetlink.has(protocol)
    ? ["it reaches what the kernel does for the whole host"]
    : [];
}

/** A process can give itself any short name, and put a program of any name where it may write. */
function ofMemory({ needs }: Proposal): readonly string[] {
  const isKnown = (program: string) =>
    /^\/(?:usr|opt)\//.test(program) && compilesInMemory(program);
  const jits = needs.filter(({ request }) => request.class === "memory" && request.kind === "jit");
  return jits.every(({ programs }) => programs.length > 0 && programs.every(isKnown))
    ? []
    : ["no program known to compile while it runs asked for it; a break-in would"];
}
