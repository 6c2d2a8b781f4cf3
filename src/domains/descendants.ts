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
