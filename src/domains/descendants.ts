import { readdirSync } from "node:fs";
import { unlessGone } from "../kernel/unless-gone.ts";
import { readProc } from "./proc-stat.ts";

/**
 * The process and those that it started, and these started, up to `limit`. A process whose
 * parent has ended is not among them.
 */
export function withDescendants(pid: number, limit = Number.POSITIVE_INFINITY): readonly number[] {
  const found = [pid];
  for (let at = 0; at < found.length && found.length < limit; at += 1) {
    const tasks = unlessGone(() => readdirSync(`/proc/${found[at]}/task`)) ?? [];
    for (const task of tasks) {
      const text = readProc(`/proc/${found[at]}/task/${task}/children`) ?? "";
      found.push(...text.split(" ").filter(Boolean).map(Number));
    }
  }
  return found.slice(0, limit);
}

/**
 * The process and its descendants in its control group. A session that a daemon has begun has a
 * group of its own: who works there is not put into the daemon's domain under their hands.
 */
export function withItsOwn(pid: number): readonly number[] {
  const groupOf = (one: number) => readProc(`/proc/${one}/cgroup`);
  const own = groupOf(pid);
  return withDescendants(pid).filter((one) => groupOf(one) === own);
}
