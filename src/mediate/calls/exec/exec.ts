import { ENOEXEC } from "../../../kernel/constants.ts";
import { Permission } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { noPlace } from "../../answer/no-place.ts";
import { CONTINUE, error, never, type Outcome } from "../../answer/outcome.ts";
import { refuseForm } from "../../answer/refuse-call.ts";
import { INTERPRETERS_MAX } from "../../domain/limits.ts";
import { abi, E } from "../../sys/abi.ts";
import { fstat, type Stat, shown } from "../../sys/sys.ts";
import { canonical } from "../../walk/place.ts";
import type { PathArgument } from "../../walk/walk.ts";
import { MayWait } from "../../worker/may-wait.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { gainsByExec } from "./exec-gain.ts";
import { execs } from "./execs.ts";
import { programHead } from "./program-head.ts";

const EXECUTABLE = 0o111;

interface Program {
  readonly fd: number;
  readonly stat: Stat;
  readonly name: string;
}

/**
 * execve, execveat of a supervised domain: the program and whoever interprets it must be granted
 * `x`. The kernel reads the path again, so that this is detection: what was executed is compared at
 * the process's next call (`execs.ts`).
 */
export const exec: Handler = {
  onlyLooks: true,
  // Only what was judged goes on: not for a process whose names mean something else.
  continueIsSafe: (call) => call.supervised && call.target.foreign() === null,
  answer(call) {
    // Sealed: of all executions only the form with a descriptor is asked about.
    if (!call.supervised) return refuseForm(call);
    try {
      return judgeProgram(call);
    } catch (cause) {
      if (!(cause instanceof MayWait) || call.rehearses) throw cause;
      const announced = execs(call.broker).announce(call, null);
      if (announced.kind !== "continue") return announced;
      throw cause;
    }
  },
};

function judgeProgram(call: Call): Outcome {
  const first = executed(call);
  if ("kind" in first) return first;
  let program = first;
  for (let depth = 0; depth < INTERPRETERS_MAX; depth++) {
    const refused = judge(call, program);
    if (refused !== null) return refused;
    const head = programHead(program.fd);
    if (head.kind === "other") return error(ENOEXEC);
    if (head.interpreter === null) return goOn(call, program);
    const next = byPath(call, at(call, head.interpreter));
    if ("kind" in next) return next;
    // The dynamic loader maps the program; /proc/PID/exe is the program's own.
    if (head.kind === "elf") return judge(call, next) ?? goOn(call, program);
    program = next;
  }
  return error(E.LOOP);
}

function goOn(call: Call, program: Program): Outcome {
  if (gainsByExec(call, program))
    return never(E.PERM, "execute", `set-user-id program ${shown(program.name)}`);
  return call.rehearses ? CONTINUE : execs(call.broker).announce(call, program.stat);
}

function judge(call: Call, { name, stat }: Program): Outcome | null {
  const needed = Permission.execute | Permission.read;
  if ((call.broker.grants.of(name) & needed) !== needed) return denyName("execute", name);
  // Whoever is not allowed to by the mode is told so by the kernel; a file that nobody may execute
  // is not even looked at.
  return stat.type === abi.S_IFREG && (stat.mode & EXECUTABLE) !== 0 ? null : error(E.ACCES);
}

function executed(call: Call): Program | Outcome {
  const at = call.name === "execveat";
  const flags = at ? call.unsigned(4) : 0;
  if (flags & ~(abi.AT_EMPTY_PATH | abi.AT_SYMLINK_NOFOLLOW)) return error(E.INVAL);
  const path = call.path(at ? 0 : null, at ? 1 : 0);
  if (path.text === "" && flags & abi.AT_EMPTY_PATH)
    return opened(call, call.target.descriptor(call.int(0)));
  return byPath(call, path, (flags & abi.AT_SYMLINK_NOFOLLOW) !== 0);
}

/** An interpreter, from the root or the working directory. */
function at(call: Call, text: string): PathArgument {
  return {
    text,
    start: text.startsWith("/") ? call.target.root : call.target.directory(abi.AT_FDCWD),
  };
}

function byPath(call: Call, path: PathArgument, noFollow = false): Program | Outcome {
  const found = call.asTarget((): Program | Outcome | number => {
    const walked = call.walk(path, noFollow ? "before-slash" : "always", { procfs: "open" });
    if (walked.kind === "descriptor") return walked.number;
    if (walked.kind === "object") return opened(call, walked.fd);
    if (walked.kind !== "place") return noPlace(call, path, walked);
    const { object, name } = walked.place;
    if (object === null) return error(E.NOENT);
    return object.stat.type === abi.S_IFLNK ? error(E.LOOP) : { ...object, name };
  });
  return typeof found === "number" ? opened(call, call.target.linked(found)) : found;
}

/** What a descriptor stands for; memory and removed files have no name that could be granted. */
function opened(call: Call, fd: number): Program | Outcome {
  if (fd < 0) return error(-fd);
  const stat = fstat(fd);
  if (typeof stat === "number") return error(-stat);
  const name = canonical(fd);
  return typeof name === "number"
    ? never(E.ACCES, call.name, "a file without a name")
    : { fd, stat, name };
}
