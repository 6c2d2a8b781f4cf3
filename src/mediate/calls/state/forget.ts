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
 * The verdicts remembered at level warning depend on these. Ids, umask and capabilities are read
 * anew for each call.
 */
const MEANING_OF_NAMES: ReadonlySet<Remembered> = new Set(["names", "directories", "namespaces"]);

/** Calls that may give a thread another root directory. */
const ROOT_CHANGES: ReadonlySet<string> = new Set(["chroot", "pivot_root", "unshare", "setns"]);

/**
 * A new thread or process inherits from its parent, except for new namespaces, and changes nothing
 * for others.
 */
const BIRTHS: ReadonlySet<string> = new Set(["clone", "clone3"]);

/**
 * Drops what a call makes invalid, before the call is answered. Processes may share a working
 * directory, so verdicts of all threads are dropped.
 */
export function forget(call: Call, row: SystemCall): void {
  if (row.voids.length === 0) return;
  if (BIRTHS.has(call.name)) {
    noteSharing(call);
    const isNew = inNewNamespaces(call);
    // The flags of clone3 lie in memory and may differ by the time the kernel reads them.
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

/** An execve may give a thread another label and another thread's number. */
function mayBeApart({ broker: { threads } }: Call): boolean {
  return areLabelled() || !threads.alike.stand;
}

/** Drops the groups only once the call is answered, because judging it reads them. */
function forgetGroups(call: Call): void {
  const { tid } = call.target;
  call.broker.threads.alike.differ();
  call.whenClosed(() => call.broker.threads.forgetGroups(tid));
}

/** A thread that is not the leader takes its leader's number when it executes. */
function noteExecution({ broker: { threads }, target: { tid } }: Call): void {
  // All threads have the same groups, so the number's meaning does not matter.
  if (!threads.groups.stand || threads.alike.stand) return;
  // Without a flag, pidfd_open(2) opens leaders only.
  const leader = sys("pidfd_open", tid, 0);
  if (leader >= 0) close(leader);
  else if (leader !== -E.SRCH) threads.groups.mayMove();
}

/** The call could be any of these. */
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
    // Flags that cannot be read may name new namespaces. The handler judges whether to refuse.
    return true;
  }
}
