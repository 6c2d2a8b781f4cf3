import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AF_INET,
  AF_UNIX,
  AT_FDCWD,
  EACCES,
  EPERM,
  LANDLOCK_ACCESS_FS_IOCTL_DEV,
  LANDLOCK_ACCESS_FS_READ_FILE,
  LANDLOCK_ACCESS_FS_RESOLVE_UNIX,
  LANDLOCK_ACCESS_NET_CONNECT_TCP,
  LANDLOCK_CREATE_RULESET_VERSION,
  LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON,
  LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET,
  LANDLOCK_SCOPE_SIGNAL,
  O_CLOEXEC,
  PR_SET_NO_NEW_PRIVS,
  SOCK_CLOEXEC,
  SOCK_STREAM,
} from "../constants.ts";
import { type FeatureName, landlockAbiOf } from "../features.ts";
import { close, cString, syscall, syscallRaw } from "../ffi.ts";
import type { Probe } from "../host-facts.ts";
import { landlockRulesetAttr, sockaddrIn, sockaddrUn } from "../structs.ts";
import { number } from "../syscalls.ts";
import { no, refused, unknown, yes } from "./answer.ts";
import { ChildProgram, cleanly, resultOf } from "./child.ts";

type LandlockFeature = Extract<FeatureName, `landlock-${string}`>;

/** A port without a listener (discard): the kernel's TCP refuses it if Landlock allows the call. */
const UNUSED_PORT = 9;
/**
 * An ioctl that /dev/null does not have and Landlock does not exempt: TCGETS of
 * `asm-generic/ioctls.h`.
 */
const TCGETS = 0x5401;

/** 0 on failure. */
export function landlockAbi(): number {
  return Math.max(
    0,
    syscallRaw(number("landlock_create_ruleset") ?? -1, null, 0, LANDLOCK_CREATE_RULESET_VERSION),
  );
}

/**
 * One child tries every operation twice. The first time is before it restricts itself, so that a
 * later refusal must be Landlock's. The returned function must be called.
 */
export function beginLandlock(abi: number): () => Record<LandlockFeature, Probe> {
  const abstract = sockaddrBytes(`\0cofferdam-probe-${process.pid}`);
  const folder = knowsUnixNames() ? mkdtempSync(join(tmpdir(), "cofferdam-probe-")) : null;
  // Without Landlock's right for pathname sockets there is nothing to try.
  const pathname = folder === null ? abstract : sockaddrBytes(`${folder}/socket`);
  const listeners = (folder === null ? [abstract] : [abstract, pathname]).map(listen);
  const drop = () => {
    listeners.forEach(close);
    if (folder !== null) rmSync(folder, { recursive: true });
  };
  return cleanly(restrictedChild(abi, abstract, pathname), drop, (results) => read(abi, results));
}

const unixRuleset = landlockRulesetAttr
  .encode({ handled_access_fs: LANDLOCK_ACCESS_FS_RESOLVE_UNIX })
  .subarray(0, 8);

function knowsUnixNames(): boolean {
  const ruleset = syscallRaw(
    number("landlock_create_ruleset") ?? -1,
    unixRuleset,
    unixRuleset.length,
    0,
  );
  if (ruleset >= 0) close(ruleset);
  return ruleset >= 0;
}

function restrictedChild(abi: number, abstract: Uint8Array, pathname: Uint8Array): ChildProgram {
  const child = new ChildProgram()
    .buffer("file", cString("/proc/version"))
    .buffer("null", cString("/dev/null"))
    .buffer(
      "inet",
      sockaddrIn.encode({
        sin_family: AF_INET,
        sin_port: UNUSED_PORT,
        sin_addr: Uint8Array.of(127, 0, 0, 1),
      }),
    )
    .buffer("abstract", abstract)
    .buffer("pathname", pathname)
    .buffer("ruleset", ruleset(abi).subarray(0, rulesetSize(abi)))
    .buffer("unix-ruleset", unixRuleset);
  tryAll(child, "before", abstract.length, pathname.length);
  child
    .call("no-new-privs", "prctl", PR_SET_NO_NEW_PRIVS, 1)
    .call("ruleset", "landlock_create_ruleset", "ruleset", rulesetSize(abi), 0)
    .call(
      "restrict-log",
      "landlock_restrict_self",
      { resultOf: "ruleset" },
      LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON,
    )
    .call("restrict", "landlock_restrict_self", { resultOf: "ruleset" }, 0)
    .call("unix-ruleset", "landlock_create_ruleset", "unix-ruleset", 8, 0)
    .call("unix-restrict", "landlock_restrict_self", { resultOf: "unix-ruleset" }, 0);
  return tryAll(child, "after", abstract.length, pathname.length);
}

function tryAll(
  child: ChildProgram,
  when: string,
  abstractLength: number,
  pathnameLength: number,
): ChildProgram {
  return child
    .call(`${when} file`, "openat", AT_FDCWD, "file", O_CLOEXEC)
    .call(`${when} null`, "openat", AT_FDCWD, "null", O_CLOEXEC | 1)
    .call(`${when} ioctl`, "ioctl", { resultOf: `${when} null` }, TCGETS, "inet")
    .call(`${when} tcp-socket`, "socket", AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)
    .call(`${when} tcp`, "connect", { resultOf: `${when} tcp-socket` }, "inet", sockaddrIn.size)
    .call(`${when} signal`, "kill", process.pid, 0)
    .call(`${when} unix-socket`, "socket", AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)
    .call(
      `${when} abstract`,
      "connect",
      { resultOf: `${when} unix-socket` },
      "abstract",
      abstractLength,
    )
    .call(`${when} path-socket`, "socket", AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)
    .call(
      `${when} unix`,
      "connect",
      { resultOf: `${when} path-socket` },
      "pathname",
      pathnameLength,
    );
}

function read(abi: number, results: ReadonlyMap<string, number>): Record<LandlockFeature, Probe> {
  const restricted = firstFailure(results, ["no-new-privs", "ruleset", "restrict"]);
  const compare = (operation: string, denial: number, feature: LandlockFeature): Probe => {
    if (restricted !== null) return restricted;
    const since = landlockAbiOf(feature) ?? 0;
    if (abi < since)
      return { state: "no", why: `Landlock ABI ${abi}, ${since} is needed`, byKernel: true };
    const before = resultOf(results, `before ${operation}`);
    const after = resultOf(results, `after ${operation}`);
    if (before === -denial)
      return unknown(`the operation is refused without Landlock too: ${operation}`);
    return after === -denial ? yes : no(`a confined child was not denied: ${operation}`);
  };
  const signal = compare("signal", EPERM, "landlock-scope");
  const log = resultOf(results, "restrict-log");
  const unix = resultOf(results, "unix-ruleset");
  return {
    "landlock-files": compare("file", EACCES, "landlock-files"),
    "landlock-tcp": compare("tcp", EACCES, "landlock-tcp"),
    "landlock-ioctl": compare("ioctl", EACCES, "landlock-ioctl"),
    "landlock-scope":
      signal.state === "yes" ? compare("abstract", EPERM, "landlock-scope") : signal,
    "landlock-log":
      restricted ?? (log === 0 ? yes : refused("landlock_restrict_self with LOG_NEW_EXEC_ON", log)),
    "landlock-unix":
      restricted ??
      (unix < 0
        ? refused("a ruleset with RESOLVE_UNIX", unix)
        : compare("unix", EACCES, "landlock-unix")),
  };
}

function firstFailure(
  results: ReadonlyMap<string, number>,
  labels: readonly string[],
): Probe | null {
  const failed = labels.find((label) => resultOf(results, label) < 0);
  return failed === undefined
    ? null
    : refused(`landlock, step ${failed}`, resultOf(results, failed));
}

function ruleset(abi: number): Buffer {
  return landlockRulesetAttr.encode({
    handled_access_fs:
      LANDLOCK_ACCESS_FS_READ_FILE | (abi >= 5 ? LANDLOCK_ACCESS_FS_IOCTL_DEV : 0n),
    handled_access_net: LANDLOCK_ACCESS_NET_CONNECT_TCP,
    scoped: LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL,
  });
}

/** The kernel refuses unknown non-zero bytes: ABI 1-3 know 8 bytes, 4-5 know 16, 6 knows all. */
function rulesetSize(abi: number): number {
  if (abi < 4) return landlockRulesetAttr.offset.handled_access_net;
  return abi < 6 ? landlockRulesetAttr.offset.scoped : landlockRulesetAttr.size;
}

/** Without a trailing NUL: the length delimits an abstract name. */
function sockaddrBytes(name: string): Uint8Array {
  const path = Buffer.from(name);
  return sockaddrUn.encode({ sun_family: AF_UNIX, sun_path: path }).subarray(0, 2 + path.length);
}

function listen(address: Uint8Array): number {
  const socket = syscall("socket", AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  syscall("bind", socket, Buffer.from(address), address.length);
  syscall("listen", socket, 8);
  return socket;
}
