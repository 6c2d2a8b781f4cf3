import { spawn } from "node:child_process";
import {
  AT_FDCWD,
  BPF_K,
  BPF_RET,
  CLONE_NEWIPC,
  ESRCH,
  LANDLOCK_ACCESS_FS_READ_FILE,
  O_CLOEXEC,
  SECCOMP_RET_ALLOW,
  SECCOMP_SET_MODE_FILTER,
} from "../constants.ts";
import { cString } from "../ffi.ts";
import type { FeatureName, Probe } from "../host-facts.ts";
import { killChild } from "../kill-child.ts";
import { landlockRulesetAttr, sockFilter, sockFprog } from "../structs.ts";
import { refused, unknown, yes } from "./answer.ts";
import { ChildProgram, cleanly, resultOf } from "./child.ts";
import { CHILD_TIMEOUT_MS } from "./start-child.ts";

type PrivilegeFeature = Extract<
  FeatureName,
  "target-access" | "private-ipc" | "restrict-without-nnp"
>;

/** Seconds: longer than the probing child may take, after which the target is killed. */
const TARGET_LIFE_S = (2 * CHILD_TIMEOUT_MS) / 1000;

/**
 * Probes that depend on the caller. One child tries all three on a sibling as the foreign target.
 * The returned function must be called.
 */
export function beginPrivileges(): () => Record<PrivilegeFeature, Probe> {
  const target = spawn("sleep", [String(TARGET_LIFE_S)], { stdio: "ignore" });
  // A failed start shows in the missing pid; without a listener Node would throw later.
  target.once("error", () => target.unref());
  const drop = () => {
    killChild(target, "SIGKILL");
    target.unref();
  };
  return cleanly(child(target.pid ?? 0), drop, (results) => ({
    "target-access":
      target.pid === undefined
        ? unknown("no process to look at could be started")
        : access(results),
    "private-ipc": outcome("unshare(CLONE_NEWIPC)", resultOf(results, "ipc")),
    "restrict-without-nnp": restrict(results),
  }));
}

function child(target: number): ChildProgram {
  return new ChildProgram()
    .buffer("mem", cString(`/proc/${target}/mem`))
    .buffer(
      "ruleset",
      landlockRulesetAttr
        .encode({ handled_access_fs: LANDLOCK_ACCESS_FS_READ_FILE })
        .subarray(0, 8),
    )
    .buffer("filter", sockFilter.encode({ code: BPF_RET | BPF_K, k: SECCOMP_RET_ALLOW }))
    .buffer("fprog", sockFprog.encode({ len: 1 }))
    .call("memory", "openat", AT_FDCWD, "mem", O_CLOEXEC)
    .call("pidfd", "pidfd_open", target, 0)
    .call("descriptor", "pidfd_getfd", { resultOf: "pidfd" }, 0, 0)
    .call("ipc", "unshare", CLONE_NEWIPC)
    .call("ruleset", "landlock_create_ruleset", "ruleset", 8, 0)
    .call("landlock", "landlock_restrict_self", { resultOf: "ruleset" }, 0)
    .point("fprog", sockFprog.offset.filter, "filter")
    .call("seccomp", "seccomp", SECCOMP_SET_MODE_FILTER, 0, "fprog");
}

function access(results: ReadonlyMap<string, number>): Probe {
  const memory = resultOf(results, "memory");
  // A process that has ended has no memory: that says nothing about what the kernel permits.
  if (memory === -ESRCH) return unknown("the process to look at ended meanwhile");
  if (memory < 0) return refused("/proc/PID/mem of a sibling process", memory);
  return outcome("pidfd_getfd on a sibling process", resultOf(results, "descriptor"));
}

function restrict(results: ReadonlyMap<string, number>): Probe {
  const ruleset = resultOf(results, "ruleset");
  if (ruleset < 0) return refused("landlock_create_ruleset", ruleset);
  const landlock = resultOf(results, "landlock");
  if (landlock < 0) return refused("landlock_restrict_self without no_new_privs", landlock);
  return outcome("a system call filter without no_new_privs", resultOf(results, "seccomp"));
}

function outcome(what: string, result: number): Probe {
  return result < 0 ? refused(what, result) : yes;
}
