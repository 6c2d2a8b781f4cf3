import { Permission } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { error, type Outcome, result, unable } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { type Bytes, close, fstat, openPath, sameObject, shown, sys } from "../../sys/sys.ts";
import { canonical, type Place } from "../../walk/place.ts";
import type { PathArgument } from "../../walk/walk.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import type { Address } from "./address.ts";
import { autobind } from "./autobind.ts";
import { socketAndAddress } from "./destination.ts";
import { judgeAddress } from "./judge-address.ts";
import { AF, type TargetSocket } from "./socket.ts";

/**
 * bind. Nothing below sees all of it (abstract names, UDP ports), and neither the descriptor nor
 * the address would stay what was judged, so the mediator binds the target's own socket to the
 * address it copied.
 */
export const bind: Handler = {
  continueIsSafe: () => false,
  answer(call) {
    const addressed = socketAndAddress(call);
    if (typeof addressed === "number") return error(-addressed);
    const { socket, address, path } = addressed;
    return call.asTarget(() => {
      const refused = judgeAddress(call, socket, address, "listen");
      if (refused !== null) return refused;
      if (address.kind === "unnamed") return autobind(call, socket);
      return path === null
        ? bindTo(call, socket, ownPort(call, socket, address))
        : bindPath(call, socket, address.bytes, path);
    });
  },
};

function bindTo(call: Call, socket: TargetSocket, bytes: Buffer): Outcome {
  return result(call.effect(() => sys("bind", socket.fd, bytes, bytes.length)));
}

/** Netlink port 0 means "my process id" (netlink(7)): the kernel would take the mediator's. */
function ownPort(call: Call, socket: TargetSocket, address: Address): Buffer {
  if (
    socket.domain !== AF.netlink ||
    address.bytes.length < 12 ||
    address.bytes.readUInt32LE(4) !== 0
  )
    return address.bytes;
  const bytes = Buffer.from(address.bytes);
  bytes.writeUInt32LE(call.target.credentials.tgid, 4);
  return bytes;
}

/**
 * A name in a directory. The target's own string is passed where {@link isStable} says that it
 * leads the kernel where it led the mediator, since getsockname and every peer see it. Elsewhere
 * the socket is bound from within the directory that was judged, and its address is the last
 * component alone.
 */
function bindPath(call: Call, socket: TargetSocket, bytes: Buffer, path: PathArgument): Outcome {
  const walked = call.walk(path, "never");
  if (walked.kind === "error") return error(walked.errno);
  if (walked.kind !== "place") return unable(E.ACCES, call.name, shown(path.text));
  const { place } = walked;
  if (place.object !== null) return error(E.ADDRINUSE);
  if ((call.broker.grants.of(place.name) & Permission.listen) === 0)
    return denyName("listen", place.name);
  const stable = isStable(call, path, place);
  const given = stable ? bytes : shortened(place.last);
  const from = stable && path.text.startsWith("/") ? null : stable ? path.start : place.directory;
  const bound = call.effect(() =>
    inDirectory(from, () => sys("bind", socket.fd, given, given.length)),
  );
  if (bound < 0) return error(-bound);
  return isSocket(call, place)
    ? result(0)
    : unable(E.IO, call.name, `${shown(place.name)} is not what was bound`);
}

/** struct sockaddr_un of a name in the working directory. */
function shortened(last: Bytes): Buffer {
  const bytes = Buffer.alloc(2 + last.length + 1);
  bytes.writeUInt16LE(AF.unix, 0);
  bytes.write(last, 2, "latin1");
  return bytes;
}

/**
 * With `directory` as the working directory, if any. The mediator itself uses no relative names.
 */
function inDirectory(directory: number | null, operation: () => number): number {
  if (directory === null) return operation();
  const moved = sys("fchdir", directory);
  if (moved < 0) return moved;
  try {
    return operation();
  } finally {
    process.chdir("/");
  }
}

/**
 * The kernel resolves the string a second time, as the mediator: the same root, no link and no `..`
 * on the way, and no directory that the domain may make or remove.
 */
function isStable(call: Call, path: PathArgument, place: Place): boolean {
  const absolute = path.text.startsWith("/");
  if (place.links.length > 0 || path.text.split("/").includes("..")) return false;
  if (absolute && !isOwnRoot(call.target.root)) return false;
  const from = absolute ? "/" : canonical(path.start);
  if (typeof from === "number") return false;
  const may = Permission.create | Permission.delete;
  return parents(place.name).every(
    (name) =>
      (call.broker.grants.of(name) & may) === 0 || from === name || from.startsWith(`${name}/`),
  );
}

function isOwnRoot(root: number): boolean {
  const fd = openPath(abi.AT_FDCWD, "/");
  const [theirs, own] = [fstat(root), fstat(fd)];
  close(fd);
  if (typeof theirs === "number" || typeof own === "number") return false;
  return sameObject(theirs, own) && theirs.mount === own.mount;
}

function parents(name: Bytes): Bytes[] {
  const found: Bytes[] = [];
  for (let end = name.lastIndexOf("/"); end > 0; end = name.lastIndexOf("/", end - 1))
    found.push(name.slice(0, end));
  return found;
}

function isSocket(call: Call, place: Place): boolean {
  const fd = call.target.keep(openPath(place.directory, place.last));
  const stat = fd < 0 ? fd : fstat(fd);
  return typeof stat !== "number" && stat.type === abi.S_IFSOCK;
}
