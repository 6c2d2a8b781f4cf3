import { readFileSync, statSync } from "node:fs";
import {
  ENXIO,
  F_GETOWN_EX,
  F_OWNER_PGRP,
  F_SETFL,
  F_SETSIG,
  O_ASYNC,
  SIGWINCH,
} from "../../../kernel/constants.ts";
import { majorOf, minorOf } from "../../../kernel/device-number.ts";
import { mountsIn } from "../../../kernel/mountinfo.ts";
import { fOwnerEx } from "../../../kernel/structs.ts";
import { abi } from "../../sys/abi.ts";
import { type Bytes, close, openat, self, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { fieldOf } from "../processes/named-processes.ts";

export interface DeviceNumber {
  readonly major: number;
  readonly minor: number;
}

export function terminalOf(pid: number): DeviceNumber | null {
  const terminal = fieldOf(pid, "terminal");
  if (terminal <= 0) return null;
  return {
    major: (terminal >> 8) & 0xfff,
    minor: (terminal & 0xff) | ((terminal >> 12) & 0xfff00),
  };
}

export function numbers(object: number): DeviceNumber {
  const { rdev } = statSync(self(object));
  return { major: majorOf(rdev), minor: minorOf(rdev) };
}

/** Unix98 terminals (Documentation/admin-guide/devices.txt): eight majors of 256. */
const PTS_FIRST = 136;
const PTS_LAST = 143;
const PTS_MINORS = 256;

/**
 * Opens the target's controlling terminal. Returns a descriptor or a negated error number: ENXIO if
 * the terminal cannot be found. Terminals outside devpts have unique device numbers. Each mount of
 * devpts counts anew, so several terminals may have the same number; then the controlling terminal
 * is the one whose foreground group is the target's, because a group belongs to one session, and a
 * session has one controlling terminal. Within `asTarget`.
 */
export function openOwnTerminal(call: Call, terminal: DeviceNumber, flags: number): number {
  const { major, minor } = terminal;
  if (major < PTS_FIRST || major > PTS_LAST) {
    const name = nameInSysfs(terminal);
    return name === null ? -ENXIO : openIf(name, flags, (fd) => isDevice(fd, terminal));
  }
  const index = minor + PTS_MINORS * (major - PTS_FIRST);
  const pid = call.target.credentials.tgid;
  let failed = -ENXIO;
  for (const name of candidates(index)) {
    const isOwn = (fd: number): boolean =>
      isDevice(fd, terminal) && isForeground(fd, fieldOf(pid, "foreground"));
    // The examined descriptor is not given to the target: its signal owner has changed.
    const looked = openIf(name, flags, isOwn);
    if (looked >= 0) {
      const fd = openat(abi.AT_FDCWD, self(looked), flags);
      close(looked);
      return fd;
    }
    if (looked !== -ENXIO) failed = looked;
  }
  return failed;
}

function openIf(name: Bytes, flags: number, isRight: (fd: number) => boolean): number {
  const fd = openat(abi.AT_FDCWD, name, flags);
  if (fd < 0 || isRight(fd)) return fd;
  close(fd);
  return -ENXIO;
}

function isDevice(fd: number, { major, minor }: DeviceNumber): boolean {
  const found = numbers(fd);
  return found.major === major && found.minor === minor;
}

/**
 * Outside the session a terminal does not tell its foreground group (TIOCGPGRP). But O_ASYNC makes
 * that group the owner of a descriptor's input signals (`__tty_fasync` in drivers/tty/tty_io.c),
 * and the owner can be read. Input in between raises SIGWINCH, which is harmless.
 */
function isForeground(fd: number, group: number): boolean {
  if (group <= 0) return false;
  const owner = Buffer.alloc(fOwnerEx.size);
  sys("fcntl", fd, F_SETSIG, SIGWINCH);
  sys("fcntl", fd, F_SETFL, O_ASYNC);
  const told = sys("fcntl", fd, F_GETOWN_EX, owner);
  sys("fcntl", fd, F_SETFL, 0);
  const { type, pid } = fOwnerEx.decode(owner);
  return told === 0 && type === F_OWNER_PGRP && pid === group;
}

function nameInSysfs({ major, minor }: DeviceNumber): Bytes | null {
  try {
    const text = readFileSync(`/sys/dev/char/${major}:${minor}/uevent`, "latin1");
    const known = /^DEVNAME=(.+)$/m.exec(text)?.[1];
    return known === undefined ? null : `/dev/${known}`;
  } catch {
    // The device or sysfs is not there: the terminal cannot be found.
    return null;
  }
}

/** Possible terminals of that number: in mounts of devpts, or bind-mounted alone. */
function candidates(index: number): readonly Bytes[] {
  return mountsIn(readFileSync("/proc/self/mountinfo", "latin1")).flatMap(
    ({ type, root, point }) => {
      if (type !== "devpts") return [];
      if (root === "/") return [`${point}/${index}`];
      return root === `/${index}` ? [point] : [];
    },
  );
}
