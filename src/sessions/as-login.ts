import { readFileSync } from "node:fs";
import { unlessGone } from "../kernel/unless-gone.ts";

const NO_LOGIN = "4294967295";
/**
 * If the kernel has no such file, or refuses to change it, the shell starts all the same: no
 * decision uses these values.
 */
const script =
  `{ printf %s "$1" >/proc/self/oom_score_adj; [ "$2" = ${NO_LOGIN} ] || printf ` +
  `%s "$2" >/proc/self/loginuid; } 2>/dev/null; shift 2; exec "$@"`;

/**
 * Words before a command that give it two properties of the peer's login. With its loginuid the
 * kernel's audit records which user became root. With its oom_score_adj the command is protected
 * from the OOM killer no better than the peer: systemd protects the agent and its children.
 */
export function asLoginOf(peer: number): readonly string[] {
  const least = Math.max(0, memoryScore("self"), memoryScore(peer));
  const login = wordOf(peer, "loginuid") ?? NO_LOGIN;
  return ["/bin/sh", "-c", script, "sh", String(least), login];
}

/** Processes with a higher score are killed first (proc_pid_oom_score_adj(5)). */
function memoryScore(pid: number | "self"): number {
  return Number(wordOf(pid, "oom_score_adj") ?? 0);
}

function wordOf(pid: number | "self", name: string): string | null {
  return unlessGone(() => readFileSync(`/proc/${pid}/${name}`, "latin1").trim());
}
