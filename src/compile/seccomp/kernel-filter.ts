import { all } from "../../kernel/syscalls.ts";
import { systemCall } from "../../kernel/system-calls/table.ts";
import {
  absent,
  allow,
  refuse,
  refuseAbsent,
  type Verdict,
} from "../../kernel/system-calls/verdict.ts";
import { whyNever } from "../../kinds/syscalls/model.ts";
import { encodeFilter } from "./encode-filter.ts";
import { keptFilters } from "./kept-filters.ts";

/** What a policy says of system calls. */
interface ListedCalls {
  readonly listed: ReadonlySet<string>;
  readonly denied: ReadonlySet<string>;
}

/**
 * For a domain of the bpf-lsm engine: whether the policy lists the call, and nothing else. What a
 * call asks for is judged by the kernel's hooks, whose levels and policies are live.
 */
export const buildKernelFilter: (calls: ListedCalls) => Uint8Array = keptFilters((calls) => {
  const verdicts = new Map(all().map((name) => [name, kernelVerdict(name, calls)]));
  return encodeFilter(verdicts, { foreign: refuseAbsent, unknown: absent, listener: false });
});

function kernelVerdict(name: string, { listed, denied }: ListedCalls): Verdict {
  const call = systemCall(name);
  if (call === null) return refuse;
  if (isAlwaysNeeded(name)) return allow;
  const no = call.absent === true ? refuseAbsent : refuse;
  if (whyNever(name) !== null || denied.has(name)) return no;
  // A grant of the word that it asks for implies it.
  return listed.has(name) || call.sealed?.list === "may-deny" ? allow : no;
}

/** By the launcher, which executes the command and reports a failure, or by the kernel itself. */
function isAlwaysNeeded(name: string): boolean {
  const call = systemCall(name);
  const isUsual = call?.class === "untouchable" || name === "execve";
  return isUsual && call?.sealed?.list === "ignored";
}
