import type { Event } from "../../events/event.ts";
import { isCapability } from "../../kinds/capabilities/model.ts";
import { ipcKinds } from "../../kinds/ipc/model.ts";
import { protocolNumber } from "../../kinds/sockets/model.ts";
import { isCanonicalName } from "../../model/canonical-name.ts";
import { parseAddress } from "../../model/network.ts";
import { Permission, type PermissionName } from "../../model/permission.ts";
import type { Request, SocketRequest } from "../../model/request.ts";

/**
 * The request of an old record, which has only words, from these words; null if they are ambiguous.
 * The words of a rename or link are ambiguous: a name may contain the arrow between the two names,
 * and the words do not say whether a directory was moved.
 */
export function requestOfOldRecord(event: Event): Request | null {
  const { operation, object } = event;
  switch (event.class) {
    case "name":
      return name(event);
    case "address":
      return address(operation, object);
    case "socket":
      return socket(object);
    case "syscall":
      return operation === "call" && /^\w+$/.test(object)
        ? { class: "syscall", name: object }
        : null;
    case "capability": {
      // `NAME for CALL`
      const [capability = ""] = object.split(" ");
      return isCapability(capability) ? { class: "capability", name: capability } : null;
    }
    case "ipc": {
      const kind = ipcKinds.find((one) => one === object);
      return kind === undefined ? null : { class: "ipc", kind };
    }
    case "signal": {
      const domain = /^process \d+ of (\S+)$/.exec(object)?.[1];
      return domain === undefined ? null : { class: "signal", domain };
    }
    default:
      return null;
  }
}

function name({ source, operation, object }: Event): Request | null {
  if (!isPermission(operation) || !isCanonicalName(object)) return null;
  // The kernel reports only the directory, and the record has `?` in place of the name.
  const isUnnamed = source === "kernel" && object.endsWith("/?");
  return isUnnamed ? null : { class: "name", operation, path: object };
}

function isPermission(word: string): word is PermissionName {
  return Object.hasOwn(Permission, word);
}

/** `tcp 10.0.0.1:80`; the kernel leaves out the address that stands for all addresses. */
function address(operation: string, object: string): Request | null {
  const [, protocol, host, port] = /^(tcp|udp) (?:(\S+):)?(\d{1,5})$/.exec(object) ?? [];
  if (operation !== "connect" && operation !== "listen") return null;
  if (protocol !== "tcp" && protocol !== "udp") return null;
  if (host === undefined && operation === "connect") return null;
  const bytes = host === undefined ? new Uint8Array(4) : parseAddress(host);
  if (bytes === null) return null;
  return { class: "address", operation, protocol, address: bytes, port: Number(port) };
}

/**
 * As `socketWords` spells it. TCP and UDP are granted by addresses and unix sockets by names, so
 * these are no requests for a socket.
 */
function socket(object: string): SocketRequest | null {
  const [family = "", protocol = ""] = object.split(" ");
  if (family === "ping" || family === "packet" || family === "vsock")
    return { class: "socket", family, protocol: 0 };
  if (family !== "netlink" && family !== "raw") return null;
  const number = /^\d{1,3}$/.test(protocol) ? Number(protocol) : protocolNumber(family, protocol);
  return number === null ? null : { class: "socket", family, protocol: number };
}
