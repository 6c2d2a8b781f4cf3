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
 * foreground group (`__tty_fasync` in drivers/tty/tty_io.c), and F_SETSIG chooses the signal. So a
 * keystroke could kill a user's shell that came to the foreground later. They are refused on
 * terminals. On other files the owner gets the signals, and was judged when it was set. Another
 * thread could put a terminal in the descriptor's place, so for a process with several threads the
 * mediator makes the call on the copy that it examined.
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

/** True also if that cannot be told, for instance after a hang-up. */
function isTerminal(fd: number): boolean {
  return sys("ioctl", fd, TCGETS, termios.alloc()) !== -ENOTTY;
}

/**
 * TIOCSCTTY gives the terminal to the caller's session. A process that holds the terminal's other
 * end, perhaps in the domain, may then send signals to groups of that session (TIOCSIG, typed keys,
 * hang-up). So the session must contain no process outside the domain; a process cannot enter a
 * session later. An argument of 1 takes the terminal from another session, which needs a
 * capability. null leaves the request to the rules for devices.
 */
export function judgeControllingTerminal(call: Call): Outcome | null {
  const outsider = outsiderInSession(call);
  if (outsider !== null)
    return never(E.PERM, call.name, `a terminal for a session that contains ${outsider}`);
  return call.int(2) === 1 ? judgeCapability(call, "sys_admin") : null;
}
