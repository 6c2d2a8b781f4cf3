import { parentsOf } from "../../../base/parents.ts";
import { capabilityMask } from "../../../kernel/capability-mask.ts";
import { CAP_SYS_ADMIN } from "../../../kernel/constants.ts";
import { Permission } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { error, type Outcome, result, unable, WORKER } from "../../answer/outcome.ts";
import { Settled } from "../../answer/settled.ts";
import { isOwnRoot } from "../../domain/view.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { fstat, openPath, shown, sys } from "../../sys/sys.ts";
import { canonical, type Place } from "../../walk/place.ts";
import type { PathArgument } from "../../walk/walk-context.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { autobind, autobindNetlink, bindTo, leavesNetlinkPort } from "./autobind.ts";
import { inViewOf } from "./bind-view.ts";
import { socketAndAddress } from "./destination.ts";
import { judgeAddress } from "./judge-address.ts";
import { type TargetSocket, unixAddress } from "./socket.ts";

/**
 * bind. No lower layer checks every address (abstract names, UDP ports), and descriptor and address
 * could change after they were judged. So the mediator binds the target's own socket to the address
 * that it copied.
 */
export const bind: Handler = {
  continueIsSafe: () => false,
  actsOn: "socket",
  answer(call) {
    const addressed = socketAndAddress(call);
    if (typeof addressed === "number") return error(errnoOf(addressed));
    const { socket, address, path } = addressed;
    const refused = judgeAddress(call, socket, address, "listen");
    if (refused !== null) return refused;
    if (path !== null) {
      call.refuseConfined("names");
      return bindPath(call, socket, address.bytes, path);
    }
    return call.asTarget(() => {
      if (address.kind === "unnamed") return autobind(call, socket);
      if (leavesNetlinkPort(socket, address)) return autobindNetlink(call, socket, address.bytes);
      return result(bindTo(call, socket, address.bytes));
    });
  },
};

/**
 * Binds to a path. getsockname and peers see the string that the kernel gets, so it should be the
 * target's own. It is used directly if it can only lead to the judged directory ({@link isStable}),
 * and otherwise in a view in which it leads nowhere else.
 */
function bindPath(call: Call, socket: TargetSocket, bytes: Buffer, path: PathArgument): Outcome {
  const place = call.asTarget(() => judgedPlace(call, path));
  if ("kind" in place) return place;
  const bind = (address: Buffer): number =>
    call.asTarget(() => call.effect(() => sys("bind", socket.fd, address, address.length)));
  const bound = isStable(call, path, place)
    ? inDirectory(path.text.startsWith("/") ? null : path.start, () => bind(bytes))
    : bindUnstable(call, bytes, path, place, bind);
  if (bound < 0) return error(errnoOf(bound));
  return isSocket(call, place)
    ? result(0)
    : unable(E.IO, call.name, `${shown(place.name)} is not what was bound`);
}

function judgedPlace(call: Call, path: PathArgument): Place | Outcome {
  const walked = call.walk(path, "never");
  if (walked.kind === "error") return error(walked.errno);
  if (walked.kind !== "place") return unable(E.ACCES, call.name, shown(path.text));
  const { place } = walked;
  if (place.object !== null) return error(E.ADDRINUSE);
  return (call.broker.grants.of(place.name, Permission.listen) & Permission.listen) === 0
    ? denyName("listen", place.name)
    : place;
}

/**
 * Binds to a path whose directories the target could exchange. If no view can be made (a user's
 * mediator, a `..`), the socket is bound from within the judged directory, and its address is the
 * last component only.
 */
function bindUnstable(
  call: Call,
  bytes: Buffer,
  path: PathArgument,
  place: Place,
  bind: (address: Buffer) => number,
): number {
  if (path.text.includes("/") && canMakeViews(call)) {
    // The loop's thread serves other domains and must not enter another mount namespace.
    if (!call.broker.mayWait && !call.rehearses) throw new Settled(WORKER);
    const { directory } = place;
    const { namespace } = call.broker.view;
    const bound = inViewOf({ directory, namespace }, path.text, () => bind(bytes));
    if (bound !== null) return bound;
  }
  return inDirectory(place.directory, () => bind(unixAddress(place.last)));
}

function canMakeViews(call: Call): boolean {
  return (call.broker.identity.own.effective & capabilityMask(CAP_SYS_ADMIN)) !== 0n;
}

/** The mediator itself uses no relative names. */
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
 * Whether the kernel, resolving the string again as the mediator, must arrive at the judged
 * directory: the same root, no link, no `..`, and no directory that the domain may make or remove.
 */
function isStable(call: Call, path: PathArgument, place: Place): boolean {
  const absolute = path.text.startsWith("/");
  if (place.links.length > 0 || path.text.split("/").includes("..")) return false;
  if (absolute && !isOwnRoot(call.target.root)) return false;
  const from = absolute ? "/" : canonical(path.start);
  if (typeof from === "number") return false;
  const may = Permission.create | Permission.delete;
  return [...parentsOf(place.name)].every(
    (name) =>
      (call.broker.grants.of(name, 0) & may) === 0 || from === name || from.startsWith(`${name}/`),
  );
}

function isSocket(call: Call, place: Place): boolean {
  const fd = call.target.keep(openPath(place.directory, place.last));
  const stat = fd < 0 ? errnoOf(fd) : fstat(fd);
  return typeof stat !== "number" && stat.type === abi.S_IFSOCK;
}
