import { ENOTTY, TCGETS } from "../../../kernel/constants.ts";
import { termios } from "../../../kernel/structs.ts";
import { judgeCapability } from "../../../kinds/capabilities/mediate.ts";
import { CONTINUE, error, never, type Outcome, result } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { fstat, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { outsiderInSession } from "../processes/process-group.ts";
import { sameFile } from "./same-file.ts";

/**
 * F_SETFL with O_ASYNC, and FIOASYNC, request signals for input. A terminal sends them to its
 * foreground group (`__tty_fasync` in drivers/tty/tty_io.c), with F_SETSIG any signal, whichever
 * group is in the foreground then: a keystroke could kill a user's shell. So it is refused on
 * terminals. Elsewhere the owner gets the signals and was judged when it was set. With several
 * threads, one could put a terminal in the descriptor's place, so the mediator makes the call on
 * the copy that it examined.
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

/** In doubt, for instance after a hang-up, it counts as one. */
function isTerminal(fd: number): boolean {
  return sys("ioctl", fd, TCGETS, termios.alloc()) !== -ENOTTY;
}

/**
 * TIOCSCTTY gives the terminal to the caller's session. A process that holds the terminal's other
 * end, perhaps in the domain, may then send signals to groups of that session (TIOCSIG, typed keys,
 * hang-up). So the session must contain no process outside the domain; a process cannot enter a
 * session later. An argument of 1 takes the terminal from another session, which needs a
 * capability. null where the device decides.
 */
export function judgeControllingTerminal(call: Call): Outcome | null {
  const outsider = outsiderInSession(call);
  if (outsider !== null)
    return never(E.PERM, call.name, `a terminal for a session that contains ${outsider}`);
  return call.int(2) === 1 ? judgeCapability(call, "sys_admin") : null;
}
