import type { Event } from "../../events/event.ts";

/**
 * The words of {@link parseRequest} that ask the same again; null for what no policy can be asked
 * about.
 */
export function wordsOfEvent({ class: kind, operation, object }: Event): readonly string[] | null {
  switch (kind) {
    case "name":
      if (object.startsWith("@")) return [operation, "unix", object];
      if (!object.startsWith("/")) return null;
      return operation === "connect" || operation === "listen"
        ? [operation, "unix", object]
        : [operation, object];
    case "two-names":
      return twoNames(operation, object);
    case "address":
      return address(operation, object);
    case "socket":
      return socket(object);
    case "syscall":
      return operation === "call" ? ["syscall", object] : null;
    case "capability":
      // `NAME for CALL`
      return ["capability", object.split(" ")[0] ?? ""];
    case "ipc":
      return ["ipc", object];
    case "signal":
      return signal(object);
    default:
      return null;
  }
}

function twoNames(operation: string, object: string): readonly string[] | null {
  const names = object.split(" -> ");
  // A name that contains the arrow itself cannot be told from two.
  return names.length === 2 && names.every((name) => name.startsWith("/"))
    ? [operation, ...names]
    : null;
}

/** `tcp 10.0.0.1:80`; the kernel leaves out an address that is every address. */
function address(operation: string, object: string): readonly string[] | null {
  const [protocol = "", place = "", ...more] = object.split(" ");
  const isPlace = /:\d+$/.test(place) || (operation === "listen" && /^\d+$/.test(place));
  return more.length === 0 && isPlace ? [operation, protocol, place] : null;
}

/**
 * As `socketWords` spells them. Sockets of TCP, UDP and unix are granted by rules about addresses
 * and names.
 */
function socket(object: string): readonly string[] | null {
  const [family = "", protocol = ""] = object.split(" ");
  if (family === "netlink" || family === "raw") return [family, protocol];
  return ["ping", "packet", "vsock"].includes(family) ? [family] : null;
}

/** `process 123 of nginx`; from the kernel only the process is known. */
function signal(object: string): readonly string[] | null {
  const domain = /^process \d+ of (\S+)$/.exec(object)?.[1];
  return domain === undefined ? null : ["signal", domain];
}
