import { Permission } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { namedElsewhere, noPlace } from "../../answer/no-place.ts";
import { CONTINUE, error, never, type Outcome, unable } from "../../answer/outcome.ts";
import { refuseForm } from "../../answer/refuse-call.ts";
import { INTERPRETERS_MAX } from "../../domain/limits.ts";
import type { ProgramFacts } from "../../domain/remembered-programs.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { fstat, type Stat, shown } from "../../sys/sys.ts";
import { canonical } from "../../walk/place.ts";
import type { PathArgument } from "../../walk/walk-context.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { gainsByExec } from "./exec-gain.ts";
import { readFacts, rememberedFacts } from "./program-facts.ts";

const EXECUTABLE = 0o111;

interface Program {
  readonly fd: number;
  readonly stat: Stat;
  readonly name: string;
  /** Present if the interpreter was looked up together with the program. */
  readonly known?: {
    readonly facts: ProgramFacts;
    readonly interpreter: Program | Outcome | null;
  };
}

/**
 * execve, execveat of a supervised domain: the policy must grant `x` on the program and its
 * interpreters. The kernel reads the path again, so the holder compares what it executes before
 * that runs (`native/exec-hold.c`). It does not compare a script's own path: the interpreter opens
 * the script by a call of its own, which is judged.
 */
export const exec: Handler = {
  onlyLooks: true,
  // At level warning only; at enforcing the holder lets the call go on.
  continueIsSafe: (call) => call.rehearses && call.target.foreign() === null,
  answer(call) {
    // A sealed domain's filter notifies only the form with a descriptor.
    return call.supervised ? judgeProgram(call) : refuseForm(call);
  },
};

function judgeProgram(call: Call): Outcome {
  const first = executed(call);
  if ("kind" in first) return first;
  let program = first;
  for (let depth = 0; depth < INTERPRETERS_MAX; depth++) {
    const refused = judge(call, program);
    if (refused !== null) return refused;
    const facts = program.known?.facts ?? factsOf(call, program);
    const { head } = facts;
    if (head.kind === "other") return error(E.NOEXEC);
    if (head.kind === "unreadable")
      return unable(E.ACCES, "execute", `${shown(program.name)}: the mediator may not read it`);
    if (head.interpreter === null) return goOn(call, { program, facts, loader: null });
    const next = program.known?.interpreter ?? byPath(call, at(call, head.interpreter));
    if ("kind" in next) return next;
    if (head.kind === "elf")
      return judge(call, next) ?? goOn(call, { program, facts, loader: next });
    program = next;
  }
  return error(E.LOOP);
}

function factsOf(call: Call, { fd, stat }: Program): ProgramFacts {
  return rememberedFacts(call, fd) ?? readFacts(call, fd, stat.mount);
}

interface Image {
  readonly program: Program;
  readonly facts: ProgramFacts;
  readonly loader: Program | null;
}

function goOn(call: Call, { program, facts, loader }: Image): Outcome {
  if (gainsByExec(call, program, facts.hasCapabilities))
    return never(E.PERM, "execute", `set-user-id program ${shown(program.name)}`);
  if (call.rehearses) return CONTINUE;
  // The holder is told the calling thread's numbers. They are read before the check that the thread
  // waits.
  call.target.credentials;
  call.check();
  // While these are open, no other file can get their inodes.
  call.target.keepOnly(loader === null ? [program.fd] : [program.fd, loader.fd]);
  return { kind: "held", judged: { program: program.stat, loader: loader?.stat ?? null } };
}

function judge(call: Call, { name, stat }: Program): Outcome | null {
  const needed = Permission.execute | Permission.read;
  if ((call.broker.grants.of(name, needed) & needed) !== needed) return denyName("execute", name);
  // The kernel judges whether this caller may execute the file. A file that no user may execute is
  // not read.
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

function at(call: Call, text: string): PathArgument {
  return {
    text,
    start: text.startsWith("/") ? call.target.root : call.target.directory(abi.AT_FDCWD),
  };
}

function byPath(call: Call, path: PathArgument, noFollow = false): Program | Outcome {
  const look = () => withInterpreter(call, lookUp(call, path, noFollow));
  const found = call.asTarget(look, { makes: false });
  return typeof found === "number" ? opened(call, call.target.linked(found)) : found;
}

/** Within `asTarget`. A number is that of one of the target's descriptors. */
function lookUp(call: Call, path: PathArgument, noFollow: boolean): Program | Outcome | number {
  const manner = { procfs: "open", objectOnly: true } as const;
  const walked = call.walk(path, noFollow ? "before-slash" : "always", manner);
  if (walked.kind === "descriptor") return walked.number;
  if (walked.kind === "object") return opened(call, walked.fd);
  if (walked.kind !== "place") return noPlace(call, path, walked);
  const { object, name } = walked.place;
  if (object === null) return error(E.NOENT);
  return object.stat.type === abi.S_IFLNK ? error(E.LOOP) : { ...object, name };
}

/**
 * Within `asTarget`. Taking the target's identity a second time would cost more than looking a name
 * up, so the interpreter of a remembered program is looked up with the program. Only its name is
 * remembered; where it leads is looked up now.
 */
function withInterpreter(
  call: Call,
  found: Program | Outcome | number,
): Program | Outcome | number {
  if (typeof found === "number" || "kind" in found || found.stat.type !== abi.S_IFREG) return found;
  const facts = rememberedFacts(call, found.fd);
  if (facts === null) return found;
  const name = "interpreter" in facts.head ? facts.head.interpreter : null;
  // The working directory must be looked up with the mediator's own rights, so not here.
  const isLookedUp = name?.startsWith("/") === true;
  const interpreter = isLookedUp ? lookUp(call, at(call, name), false) : null;
  const known = { facts, interpreter: typeof interpreter === "number" ? null : interpreter };
  return { ...found, known };
}

/** The object behind a descriptor. Memory and removed files have no name that could be granted. */
function opened(call: Call, fd: number): Program | Outcome {
  if (fd < 0) return error(errnoOf(fd));
  const stat = fstat(fd);
  if (typeof stat === "number") return error(stat);
  const name = canonical(fd);
  if (typeof name === "number") return never(E.ACCES, call.name, "a file without a name");
  return namedElsewhere(call, stat, name) ?? { fd, stat, name };
}
