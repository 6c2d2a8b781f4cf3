import { ENOTTY, TCGETS } from "../../../kernel/constants.ts";
import { termios } from "../../../kernel/structs.ts";
import { CONTINUE, error, never, type Outcome, result } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { fstat, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { outsiderInSession } from "../processes/process-group.ts";
import { judgeCapability } from "../state/capability.ts";
import { sameFile } from "./same-file.ts";

/**
 * F_SETFL with O_ASYNC, and FIOASYNC: signals for input. A terminal sends them to its foreground
 * group (`__tty_fasync` in drivers/tty/tty_io.c), by F_SETSIG any signal, whoever that is by then:
 * a key that somebody types would end their shell. So on terminals it is refused. Elsewhere the
 * owner gets them, which was judged when it was set. Of several threads one could put a terminal
 * in the descriptor's place, so that the mediator does it, on the copy that it looked at.
 */
export function signalInput(call: Call): Outcome {
  const fd = sameFile(call, call.int(0));
  if (fd === -E.BADF && call.isAlone) return CONTINUE;
  if (fd < 0) return error(errnoOf(fd));
  const stat = fstat(fd);
  if (typeof stat === "number") return error(stat);
  if (stat.type === abi.S_IFCHR && isTerminal(fd))
    return never(E.PERM, call.name, "signals of a terminal to its foreground group (O_ASYNC)");
  if (call.isAlone) return CONTINUE;
  const argument =
    call.name === "ioctl" ? call.target.memory.read(call.word(2), 4) : call.unsigned(2);
  return result(
    call.asTarget(() => call.effect(() => sys(call.name, fd, call.unsigned(1), argument))),
  );
}

/** In doubt, of one that was hung up for instance, it is. */
function isTerminal(fd: number): boolean {
  return sys("ioctl", fd, TCGETS, termios.alloc()) !== -ENOTTY;
}

/**
 * TIOCSCTTY: the caller's session gets the terminal, and who holds the terminal's other end, the
 * domain itself perhaps, may send signals to groups of that session (TIOCSIG, what is typed, the
 * end). So nobody outside may be in it; sessions cannot be entered. An argument of 1 takes the
 * terminal away from another session, by a capability. null where it is for the device to say.
 */
export function judgeControllingTerminal(call: Call): Outcome | null {
  const outsider = outsiderInSession(call);
  if (outsider !== null)
    return never(E.PERM, call.name, `a terminal for a session in which is ${outsider}`);
  return call.int(2) === 1 ? judgeCapability(call, "sys_admin") : null;
}
