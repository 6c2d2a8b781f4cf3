import {
  AUDIT_ARCH_X86_64,
  BPF_ABS,
  BPF_JEQ,
  BPF_JMP,
  BPF_K,
  BPF_LD,
  BPF_RET,
  BPF_W,
  O_CLOEXEC,
  POLLIN,
  PR_SET_NO_NEW_PRIVS,
  SECCOMP_ADDFD_FLAG_SETFD,
  SECCOMP_FILTER_FLAG_NEW_LISTENER,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
  SECCOMP_IOCTL_NOTIF_ADDFD,
  SECCOMP_IOCTL_NOTIF_RECV,
  SECCOMP_IOCTL_NOTIF_SEND,
  SECCOMP_IOCTL_NOTIF_SET_FLAGS,
  SECCOMP_RET_ALLOW,
  SECCOMP_RET_USER_NOTIF,
  SECCOMP_SET_MODE_FILTER,
  SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP,
} from "../constants.ts";
import type { FeatureName, Probe } from "../host-facts.ts";
import {
  pollfd,
  seccompData,
  seccompNotif,
  seccompNotifAddfd,
  seccompNotifResp,
  sockFilter,
  sockFprog,
} from "../structs.ts";
import { number } from "../syscalls.ts";
import { no, refused, yes } from "./answer.ts";
import { ChildProgram, resultOf } from "./child.ts";

type SeccompFeature = Extract<FeatureName, `seccomp-${string}`>;

/** A call that a Node process never makes, so that its notification is the probe's own. */
const NOTIFIED_CALL = "getpgid";
/** The child's answer to the target; no process group has this number. */
const ANSWER = 4_194_303;
/**
 * Limit on the arrival of a notification, milliseconds: a kernel that cannot notify has refused the
 * listener before, so that only the scheduler keeps it waiting.
 */
const NOTIFICATION_TIMEOUT_MS = 30_000;
/** The descriptor number that ADDFD puts into the target. */
const INJECTED_FD = 200;

/**
 * One process is both target (a thread under the filter) and supervisor (its main thread). The
 * returned function must be called.
 */
export function beginSeccomp(): () => Record<SeccompFeature, Probe> {
  const child = supervisedChild(
    SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
  );
  const finish = child.begin();
  return () => read(finish());
}

function read(killable: ReadonlyMap<string, number>): Record<SeccompFeature, Probe> {
  const installed = resultOf(killable, "listener");
  const waitKillable =
    installed >= 0 ? yes : refused("a filter with WAIT_KILLABLE_RECV", installed);
  const results =
    installed >= 0 ? killable : supervisedChild(SECCOMP_FILTER_FLAG_NEW_LISTENER).run();
  const notify = notifyAnswer(results);
  const sync = resultOf(results, "sync");
  const addfd = resultOf(results, "addfd");
  return {
    "seccomp-notify": notify,
    "seccomp-addfd":
      notify.state === "yes" ? addfdAnswer(addfd, resultOf(results, "injected")) : notify,
    "seccomp-wait-killable": notify.state === "yes" ? waitKillable : notify,
    "seccomp-sync-wakeup":
      notify.state !== "yes" ? notify : sync === 0 ? yes : refused("SET_FLAGS", sync),
  };
}

function supervisedChild(flags: number): ChildProgram {
  const program = filter();
  return new ChildProgram()
    .buffer("filter", program)
    .buffer("fprog", sockFprog.encode({ len: program.length / sockFilter.size }))
    .buffer("notif", seccompNotif.alloc())
    .buffer(
      "addfd",
      seccompNotifAddfd.encode({
        flags: SECCOMP_ADDFD_FLAG_SETFD,
        newfd: INJECTED_FD,
        newfd_flags: O_CLOEXEC,
      }),
    )
    .buffer("resp", seccompNotifResp.encode({ val: BigInt(ANSWER) }))
    .buffer("poll", pollfd.encode({ events: POLLIN }))
    .point("fprog", sockFprog.offset.filter, "filter")
    .call("no-new-privs", "prctl", PR_SET_NO_NEW_PRIVS, 1)
    .call("listener", "seccomp", SECCOMP_SET_MODE_FILTER, flags, "fprog")
    .need("listener")
    .call(
      "sync",
      "ioctl",
      { resultOf: "listener" },
      SECCOMP_IOCTL_NOTIF_SET_FLAGS,
      SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP,
    )
    .start(NOTIFIED_CALL, 0)
    .store("listener", "poll", 0)
    .call("arrived", "poll", "poll", 1, NOTIFICATION_TIMEOUT_MS)
    .call("received", "ioctl", { resultOf: "listener" }, SECCOMP_IOCTL_NOTIF_RECV, "notif")
    .copy("notif", seccompNotif.offset.id, "addfd", 8)
    .copy("notif", seccompNotif.offset.id, "resp", 8)
    .call("addfd", "ioctl", { resultOf: "listener" }, SECCOMP_IOCTL_NOTIF_ADDFD, "addfd")
    .call("answered", "ioctl", { resultOf: "listener" }, SECCOMP_IOCTL_NOTIF_SEND, "resp")
    .join("seen by target")
    .call("injected", "dup", INJECTED_FD);
}

function filter(): Buffer {
  const load = (offset: number) => sockFilter.encode({ code: BPF_LD | BPF_W | BPF_ABS, k: offset });
  const unlessEqual = (k: number, jf: number) =>
    sockFilter.encode({ code: BPF_JMP | BPF_JEQ | BPF_K, jf, k });
  const answer = (k: number) => sockFilter.encode({ code: BPF_RET | BPF_K, k });
  return Buffer.concat([
    load(seccompData.offset.arch),
    unlessEqual(AUDIT_ARCH_X86_64, 3),
    load(seccompData.offset.nr),
    unlessEqual(number(NOTIFIED_CALL) ?? -1, 1),
    answer(SECCOMP_RET_USER_NOTIF),
    answer(SECCOMP_RET_ALLOW),
  ]);
}

function notifyAnswer(results: ReadonlyMap<string, number>): Probe {
  const failed = ["no-new-privs", "listener"].find((label) => resultOf(results, label) < 0);
  if (failed !== undefined)
    return refused(`seccomp notification, step ${failed}`, resultOf(results, failed));
  if (resultOf(results, "arrived") === 0) return no("no notification arrived");
  const lost = ["arrived", "received", "answered"].find((label) => resultOf(results, label) < 0);
  if (lost !== undefined)
    return refused(`seccomp notification, step ${lost}`, resultOf(results, lost));
  const seen = resultOf(results, "seen by target");
  return seen === ANSWER ? yes : no(`the target saw ${seen} instead of the supervisor's answer`);
}

function addfdAnswer(addfd: number, injected: number): Probe {
  if (addfd < 0) return refused("ADDFD", addfd);
  return injected >= 0 ? yes : refused("the descriptor did not arrive in the target", injected);
}
