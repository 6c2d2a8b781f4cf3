import type { Denial } from "../../kernel/audit/landlock-record.ts";
import { decide } from "../../model/decide.ts";
import { formatEndpoint, parseAddress } from "../../model/network.ts";
import { escapeName, parsePattern } from "../../model/pattern.ts";
import type { PermissionName } from "../../model/permission.ts";
import type { Policy } from "../../model/policy.ts";
import type { Request } from "../../model/request.ts";
import { suggest } from "../../model/suggest.ts";
import type { Event } from "../event.ts";
import { loggedRequest } from "../logged-request.ts";
import { remedyOf } from "../remedy.ts";

export type Denied = Pick<
  Event,
  "class" | "operation" | "object" | "request" | "rule" | "reason" | "allow" | "help"
>;

/** What decided, and what would allow it. */
type Explained = Pick<Denied, "rule" | "reason" | "allow" | "help">;

/**
 * Landlock's rights on the object itself, by their names in audit records
 * (security/landlock/audit.c).
 */
const onObject: Readonly<Record<string, PermissionName>> = {
  "fs.execute": "execute",
  "fs.write_file": "write",
  "fs.truncate": "write",
  "fs.read_file": "read",
  "fs.read_dir": "read",
  "fs.ioctl_dev": "ioctl",
  "fs.resolve_unix": "connect",
};

/** Stands for the name that the kernel does not report. Only wildcards match it. */
const SOME_NAME = "cofferdam-some-name";

/**
 * One entry per distinct operation: opening a file for reading and writing is two. `policy`: of the
 * domain's start; null if it is unknown, so that a denial by a rule cannot be told.
 */
export function deniedRequests(denial: Denial, policy: Policy | null): Denied[] {
  const byOperation = new Map<string, Denied>();
  for (const blocker of denial.blockers) {
    const denied = deniedBy(blocker, denial, policy);
    if (!byOperation.has(denied.operation)) byOperation.set(denied.operation, denied);
  }
  return [...byOperation.values()];
}

function deniedBy(blocker: string, denial: Denial, policy: Policy | null): Denied {
  const operation = onObject[blocker];
  if (operation !== undefined) return name(operation, denial.path, policy);
  if (blocker.startsWith("fs.make_")) return inDirectory("create", denial.path, policy);
  if (blocker.startsWith("fs.remove_")) return inDirectory("delete", denial.path, policy);
  const object = denial.path ?? "?";
  switch (blocker) {
    case "fs.refer":
      return {
        ...beyondRules,
        class: "two-names",
        operation: "rename",
        object: `files into or out of ${object}`,
      };
    case "fs.change_topology":
      return { ...beyondRules, class: "syscall", operation: "mount", object };
    case "net.bind_tcp":
      return address("listen", denial, policy);
    case "net.connect_tcp":
      return address("connect", denial, policy);
    case "scope.abstract_unix_socket":
      return name("connect", denial.path?.replace(/^\0/, "@") ?? null, policy);
    case "scope.signal":
      return process("signal", denial, { section: "signals", line: "any" });
    case "ptrace":
      return process("trace", denial, null);
    default:
      return { ...beyondRules, class: "name", operation: blocker, object };
  }
}

/** For a request that the kernel reported only in part, so that the model cannot express it. */
const beyondRules = { request: null, rule: null, reason: null, allow: null } as const;

/** The kernel reported the whole request. */
function known(request: Request, policy: Policy | null): Explained & Pick<Denied, "request"> {
  return { request: loggedRequest(request), ...explain(request, policy) };
}

function explain(request: Request, policy: Policy | null): Explained {
  if (policy === null) return { rule: null, reason: null, allow: suggest(request, null) };
  const decision = decide(policy, request);
  if (decision.outcome === "granted")
    return {
      rule: null,
      reason: null,
      allow: null,
      help:
        "the policy grants it; what was made or replaced since the start is reached after " +
        `cofferdam domain restart ${policy.name}`,
    };
  const { by, reason } = decision;
  return { rule: by?.text ?? null, reason, ...remedyOf(policy, request, reason) };
}

function name(operation: PermissionName, path: string | null, policy: Policy | null): Denied {
  const fixed = { class: "name", operation } as const;
  if (path === null) return { ...fixed, object: "?", ...beyondRules };
  return { ...fixed, object: path, ...known({ ...fixed, path }, policy) };
}

/** The record names only the directory, so the suggested grant is for all names in it. */
function inDirectory(
  operation: "create" | "delete",
  directory: string | null,
  policy: Policy | null,
): Denied {
  const fixed = { class: "name", operation } as const;
  if (directory === null) return { ...fixed, object: "?", ...beyondRules };
  const below = directory === "/" ? "/" : `${directory}/`;
  const letter = operation === "create" ? "c" : "d";
  const explained = explain({ ...fixed, path: `${below}${SOME_NAME}` }, policy);
  const pattern = `${escapeName(below)}*`;
  const line = { section: "files", line: `${letter} ${pattern}` };
  const helps = explained.allow !== null && "pattern" in parsePattern(pattern);
  const allow = helps ? line : null;
  return { ...fixed, object: `${below}?`, request: null, ...explained, allow };
}

/**
 * Landlock omits the address if the rule covers every address: then only the port is named, as in a
 * policy.
 */
function address(
  operation: "connect" | "listen",
  { address: text, port }: Denial,
  policy: Policy | null,
): Denied {
  const bytes = text === null ? null : parseAddress(text);
  const fixed = { class: "address", operation } as const;
  const asked = { ...fixed, protocol: "tcp" } as const;
  if (port === null) return { ...fixed, object: `tcp ${text ?? "?"}`, ...beyondRules };
  if (bytes !== null) {
    const object = `tcp ${formatEndpoint(bytes, port)}`;
    return { ...fixed, object, ...known({ ...asked, address: bytes, port }, policy) };
  }
  const object = `tcp ${text === null ? "" : `${text}:`}${port}`;
  if (text !== null || operation === "connect") return { ...fixed, object, ...beyondRules };
  return { ...fixed, object, ...known({ ...asked, address: new Uint8Array(4), port }, policy) };
}

function process(operation: string, denial: Denial, allow: Event["allow"]): Denied {
  const { other } = denial;
  const object = other === null ? "?" : `${other.comm ?? "?"}[${other.pid}]`;
  return { ...beyondRules, class: "signal", operation, object, allow };
}
