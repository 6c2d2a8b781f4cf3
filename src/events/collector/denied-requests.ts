import type { Denial } from "../../kernel/audit/landlock-record.ts";
import { formatEndpoint, parseAddress } from "../../model/network.ts";
import { escapeName } from "../../model/pattern.ts";
import type { PermissionName } from "../../model/permission.ts";
import type { Request } from "../../model/request.ts";
import { suggest } from "../../model/suggest.ts";
import type { Event } from "../event.ts";
import { loggedRequest } from "../logged-request.ts";

/** What of an event a denial determines. */
export type Denied = Pick<Event, "class" | "operation" | "object" | "request" | "allow">;

/**
 * Landlock's right on the object itself, by its name in audit records (security/landlock/audit.c).
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

/**
 * What was asked for, one entry for each distinct operation: opening a file for reading and writing
 * is two.
 */
export function deniedRequests(denial: Denial): Denied[] {
  const byOperation = new Map<string, Denied>();
  for (const blocker of denial.blockers) {
    const denied = deniedBy(blocker, denial);
    if (!byOperation.has(denied.operation)) byOperation.set(denied.operation, denied);
  }
  return [...byOperation.values()];
}

function deniedBy(blocker: string, denial: Denial): Denied {
  const operation = onObject[blocker];
  if (operation !== undefined) return name(operation, denial.path);
  if (blocker.startsWith("fs.make_")) return inDirectory("create", denial.path);
  if (blocker.startsWith("fs.remove_")) return inDirectory("delete", denial.path);
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
      return address("listen", denial);
    case "net.connect_tcp":
      return address("connect", denial);
    case "scope.abstract_unix_socket":
      return name("connect", denial.path?.replace(/^\0/, "@") ?? null);
    case "scope.signal":
      return process("signal", denial, { section: "signals", line: "any" });
    case "ptrace":
      return process("trace", denial, null);
    default:
      return { ...beyondRules, class: "name", operation: blocker, object };
  }
}

/** What no request of the model's says, for want of a part that the kernel did not tell. */
const beyondRules = { request: null, allow: null } as const;

/** The request is known to its last part. */
function known(request: Request): Pick<Denied, "request" | "allow"> {
  return { request: loggedRequest(request), allow: suggest(request) };
}

function name(operation: PermissionName, path: string | null): Denied {
  const fixed = { class: "name", operation } as const;
  if (path === null) return { ...fixed, object: "?", ...beyondRules };
  return { ...fixed, object: path, ...known({ ...fixed, path }) };
}

/**
 * The record names the directory and not the name in it: the grant that is certain to help is for
 * all names there.
 */
function inDirectory(operation: "create" | "delete", directory: string | null): Denied {
  const fixed = { class: "name", operation } as const;
  if (directory === null) return { ...fixed, object: "?", ...beyondRules };
  const below = directory === "/" ? "/" : `${directory}/`;
  const letter = operation === "create" ? "c" : "d";
  const allow = { section: "files", line: `${letter} ${escapeName(below)}*` };
  return { ...fixed, object: `${below}?`, request: null, allow };
}

/**
 * Landlock leaves the address out where it is every address: the port alone then, as in a policy.
 */
function address(operation: "connect" | "listen", { address: text, port }: Denial): Denied {
  const bytes = text === null ? null : parseAddress(text);
  const fixed = { class: "address", operation } as const;
  const asked = { ...fixed, protocol: "tcp" } as const;
  if (port === null) return { ...fixed, object: `tcp ${text ?? "?"}`, ...beyondRules };
  if (bytes !== null) {
    const object = `tcp ${formatEndpoint(bytes, port)}`;
    return { ...fixed, object, ...known({ ...asked, address: bytes, port }) };
  }
  const object = `tcp ${text === null ? "" : `${text}:`}${port}`;
  if (text !== null || operation === "connect") return { ...fixed, object, ...beyondRules };
  return { ...fixed, object, ...known({ ...asked, address: new Uint8Array(4), port }) };
}

function process(operation: string, denial: Denial, allow: Event["allow"]): Denied {
  const { other } = denial;
  const object = other === null ? "?" : `${other.comm ?? "?"}[${other.pid}]`;
  return { class: "signal", operation, object, request: null, allow };
}
