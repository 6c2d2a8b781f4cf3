import type { Denial } from "../../kernel/audit/landlock-record.ts";
import { escapeName } from "../../model/pattern.ts";
import type { PermissionName } from "../../model/permission.ts";
import type { Request } from "../../model/request.ts";
import { suggest } from "../../model/suggest.ts";
import type { Event } from "../event.ts";

/** What of an event a denial determines. */
export type Denied = Pick<Event, "class" | "operation" | "object" | "allow">;

/** Landlock's right on the object itself, by its name in audit records (security/landlock/audit.c). */
const onObject: Readonly<Record<string, PermissionName>> = {
  "fs.execute": "execute",
  "fs.write_file": "write",
  "fs.truncate": "write",
  "fs.read_file": "read",
  "fs.read_dir": "read",
  "fs.ioctl_dev": "ioctl",
  "fs.resolve_unix": "connect",
};

/** What was asked for, one entry for each distinct operation: opening a file for reading and writing is two. */
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
  switch (blocker) {
    case "fs.refer":
      return {
        class: "two-names",
        operation: "rename",
        object: `files into or out of ${denial.path ?? "?"}`,
        allow: null,
      };
    case "fs.change_topology":
      return { class: "syscall", operation: "mount", object: denial.path ?? "?", allow: null };
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
      return { class: "name", operation: blocker, object: denial.path ?? "?", allow: null };
  }
}

function name(operation: PermissionName, path: string | null): Denied {
  const allow = path === null ? null : suggest({ class: "name", operation, path });
  return { class: "name", operation, object: path ?? "?", allow };
}

/** The record names the directory and not the name in it: the grant that is certain to help is for all names there. */
function inDirectory(operation: "create" | "delete", directory: string | null): Denied {
  if (directory === null) return { class: "name", operation, object: "?", allow: null };
  const below = directory === "/" ? "/" : `${directory}/`;
  const letter = operation === "create" ? "c" : "d";
  return {
    class: "name",
    operation,
    object: `${below}?`,
    allow: { section: "files", line: `${letter} ${escapeName(below)}*` },
  };
}

function address(operation: "connect" | "listen", denial: Denial): Denied {
  const bytes = denial.address === null ? null : addressBytes(denial.address);
  const object = `tcp ${addressText(denial)}`;
  if (denial.port === null) return { class: "address", operation, object, allow: null };
  // Landlock leaves the address out where it is every address.
  const request: Request = {
    class: "address",
    operation,
    protocol: "tcp",
    address: bytes ?? new Uint8Array(4),
    port: denial.port,
  };
  return {
    class: "address",
    operation,
    object,
    allow: bytes === null && operation === "connect" ? null : suggest(request),
  };
}

function addressText(denial: Denial): string {
  const port = denial.port ?? "?";
  if (denial.address === null) return String(port);
  return denial.address.includes(":") ? `[${denial.address}]:${port}` : `${denial.address}:${port}`;
}

/** Dotted quads, and IPv6 as the kernel prints it; null for anything else. */
function addressBytes(text: string): Uint8Array | null {
  if (!text.includes(":")) {
    const parts = text.split(".").map(Number);
    return parts.length === 4 && parts.every((part) => part >= 0 && part < 256) ? Uint8Array.from(parts) : null;
  }
  const [before = "", after] = text.split("::");
  const head = groups(before);
  const tail = after === undefined ? [] : groups(after);
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length;
  const all = [...head, ...Array.from({ length: Math.max(0, zeros) }, () => 0), ...tail];
  if (all.length !== 8 || all.some((group) => Number.isNaN(group))) return null;
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function groups(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}

function process(operation: string, denial: Denial, allow: Event["allow"]): Denied {
  const { other } = denial;
  const object = other === null ? "?" : `${other.comm ?? "?"}[${other.pid}]`;
  return { class: "signal", operation, object, allow };
}
