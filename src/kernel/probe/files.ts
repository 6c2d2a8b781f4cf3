import {
  AT_FDCWD,
  MFD_CLOEXEC,
  MFD_NOEXEC_SEAL,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  PR_GET_MDWE,
  RESOLVE_NO_SYMLINKS,
} from "../constants.ts";
import { close, cString, syscallRaw } from "../ffi.ts";
import type { Probe } from "../host-facts.ts";
import { openHow } from "../structs.ts";
import { number } from "../syscalls.ts";
import { no, refused, yes } from "./answer.ts";

export function probeMemfdNoexec(): Probe {
  const name = cString("cofferdam-probe");
  const fd = syscallRaw(number("memfd_create") ?? -1, name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  if (fd < 0) return refused("memfd_create with MFD_NOEXEC_SEAL", fd);
  close(fd);
  return yes;
}

/** To ask suffices. To set it would keep this process from compiling. */
export function probeMdwe(): Probe {
  const result = syscallRaw(number("prctl") ?? -1, PR_GET_MDWE, 0, 0, 0, 0);
  return result < 0 ? refused("prctl(PR_GET_MDWE)", result) : yes;
}

/**
 * /proc/self is a symbolic link on every host: opening it must fail, and opening its parent must
 * not.
 */
export function probeOpenat2(): Probe {
  const straight = openWithoutLinks("/proc");
  if (straight < 0) return refused("openat2 with RESOLVE_NO_SYMLINKS", straight);
  close(straight);
  const link = openWithoutLinks("/proc/self/");
  if (link < 0) return yes;
  close(link);
  return no("openat2 followed a symbolic link in spite of RESOLVE_NO_SYMLINKS");
}

function openWithoutLinks(path: string): number {
  const how = openHow.encode({
    flags: BigInt(O_PATH | O_DIRECTORY | O_CLOEXEC),
    resolve: BigInt(RESOLVE_NO_SYMLINKS),
  });
  return syscallRaw(number("openat2") ?? -1, AT_FDCWD, cString(path), how, how.length);
}
