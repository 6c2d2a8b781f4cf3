import { abi } from "../../sys/abi.ts";
import { close, type Stat, shown, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";

const GROUP_EXECUTES = 0o010;

/**
 * Whether executing the file would give the process privileges that the policy does not name. Under
 * no_new_privs the kernel gives none (execve(2)), but a process that was started at level warning
 * may be without it.
 */
export function gainsByExec(
  call: Call,
  { stat, name }: { stat: Stat; name: string },
  hasCapabilities: boolean,
): boolean {
  const setId =
    (stat.mode & abi.S_ISUID) !== 0 ||
    (stat.mode & (abi.S_ISGID | GROUP_EXECUTES)) === (abi.S_ISGID | GROUP_EXECUTES);
  if (!setId && !hasCapabilities) return false;
  return !call.broker.policy.setUserId.includes(shown(name)) && !noNewPrivileges(call);
}

const status = Buffer.alloc(64 * 1024);

/** A thread whose status cannot be read counts as able to gain. */
function noNewPrivileges(call: Call): boolean {
  const fd = call.target.entry("status", 0);
  if (fd < 0) return false;
  const got = sys("pread64", fd, status, status.length, 0);
  close(fd);
  return got > 0 && status.toString("latin1", 0, got).includes("\nNoNewPrivs:\t1\n");
}
