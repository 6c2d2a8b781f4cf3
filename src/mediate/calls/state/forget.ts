import type { Remembered, SystemCall } from "../../../kernel/system-calls/call.ts";
import { NEW_NAMESPACES } from "../../../kernel/system-calls/state.ts";
import type { Broker } from "../../domain/broker.ts";
import { E } from "../../sys/abi.ts";
import { close, sys } from "../../sys/sys.ts";
import { areLabelled } from "../../target/namespaces.ts";
import type { Call } from "../call.ts";
import { cloneFlags } from "./clone-flags.ts";
import { noteSharing } from "./shared-descriptors.ts";

/**
 * What the verdicts remembered at level warning hang on; ids, umask and capabilities are read anew
 * at each call.
 */
const MEANING_OF_NAMES: ReadonlySet<Remembered> = new Set(["names", "directories", "namespaces"]);

/** What may give a thread another root directory. */
const ROOT_CHANGES: ReadonlySet<string> = new Set(["chroot", "pivot_root", "unshare", "setns"]);

/**
 * A new thread or process begins with what its parent has, but for new namespaces, and nothing
 * changes for anybody else.
 */
const BIRTHS: ReadonlySet<string> = new Set(["clone", "clone3"]);

/**
 * A call that gives paths another meaning, seen before it is answered. Working directories may be
 * shared between processes: all are forgotten.
 */
export function forget(call: Call, row: SystemCall): void {
  if (row.voids.length === 0) return;
  if (BIRTHS.has(call.name)) {
    noteSharing(call);
    const isNew = inNewNamespaces(call);
    // The flags of clone3 lie in memory, and may be others by the time the kernel reads them.
    const mayBeNew = isNew || (call.name === "clone3" && call.level !== "enforcing");
    if (mayBeNew) call.broker.threads.alike.differ();
    if (!isNew) return;
    call.broker.verdicts.tellThreadsApart();
    call.broker.threads.forget();
    return;
  }
  if (call.name === "setgroups") forgetGroups(call);
  if (row.voids.includes("namespaces")) call.broker.threads.alike.differ();
  if (row.class === "exec") noteExecution(call);
  if (row.voids.some((what) => MEANING_OF_NAMES.has(what))) call.broker.verdicts.forget();
  if (ROOT_CHANGES.has(call.name)) {
    call.broker.verdicts.tellThreadsApart();
    call.broker.threads.roots?.differ();
  }
  const changes = row.voids.includes("namespaces") || row.voids.includes("confinement");
  if (changes || (row.class === "exec" && mayBeApart(call))) call.broker.threads.forget();
}

/** Who executes may get another label, and another thread's number. */
function mayBeApart({ broker: { threads } }: Call): boolean {
  return areLabelled() || !threads.alike.stand;
}

/** Once it is answered, since the judgement itself looks at the thread. */
function forgetGroups(call: Call): void {
  const { tid } = call.target;
  call.broker.threads.alike.differ();
  call.whenClosed(() => call.broker.threads.forgetGroups(tid));
}

/** A thread that is no leader takes its leader's number when it executes. */
function noteExecution({ broker: { threads }, target: { tid } }: Call): void {
  // Where all have the same groups its leader had no others.
  if (!threads.groups.stand || threads.alike.stand) return;
  // Without a flag there is a pidfd for leaders only (pidfd_open(2)).
  const leader = sys("pidfd_open", tid, 0);
  if (leader >= 0) close(leader);
  else if (leader !== -E.SRCH) threads.groups.mayMove();
}

/** A call that nobody can name: it may have been any of these. */
export function forgetAll(broker: Broker): void {
  broker.threads.groups.mayMove();
  broker.threads.alike.differ();
  broker.verdicts.tellThreadsApart();
  broker.threads.roots?.differ();
  broker.threads.forget();
}

function inNewNamespaces(call: Call): boolean {
  try {
    return (cloneFlags(call) & NEW_NAMESPACES) !== 0;
  } catch {
    // What cannot be read may say so; whether that is refused is for who judges it.
    return true;
  }
}
