import { readFileSync } from "node:fs";
import { unlessGone } from "../kernel/unless-gone.ts";

/** The loginuid of a process without a login. */
const NO_LOGIN = "4294967295";
/**
 * Where the kernel keeps neither, or does not let it be changed, there is a shell all the same:
 * nothing is decided by them.
 */
const script =
  `{ printf %s "$1" >/proc/self/oom_score_adj; [ "$2" = ${NO_LOGIN} ] || printf ` +
  `%s "$2" >/proc/self/loginuid; } 2>/dev/null; shift 2; exec "$@"`;

/**
 * Words before a command that give it the properties of the peer's login, which the session server
 * itself lacks. The kernel's audit then records the user of that login, so that the log shows which
 * user became root. And the command gets no more protection from the OOM killer than the peer:
 * systemd gives the agent and its children a lot.
 */
export function asLoginOf(peer: number): readonly string[] {
  const least = Math.max(0, memoryScore("self"), memoryScore(peer));
  const login = wordOf(peer, "loginuid") ?? NO_LOGIN;
  return ["/bin/sh", "-c", script, "sh", String(least), login];
}

/** Higher is sooner (proc_pid_oom_score_adj(5)). */
function memoryScore(pid: number | "self"): number {
  return Number(wordOf(pid, "oom_score_adj") ?? 0);
}

function wordOf(pid: number | "self", name: string): string | null {
  return unlessGone(() => readFileSync(`/proc/${pid}/${name}`, "latin1").trim());
}
