import { readProc } from "../domains/proc-stat.ts";

/**
 * Lines of /proc/PID/limits, and the option of prlimit(1) for each. The size of core files is left
 * out: the domain's `core-dumps` decides it.
 */
const options: Readonly<Record<string, string>> = {
  "Max cpu time": "cpu",
  "Max file size": "fsize",
  "Max data size": "data",
  "Max stack size": "stack",
  "Max resident set": "rss",
  "Max processes": "nproc",
  "Max open files": "nofile",
  "Max locked memory": "memlock",
  "Max address space": "as",
  "Max file locks": "locks",
  "Max pending signals": "sigpending",
  "Max msgqueue size": "msgqueue",
  "Max nice priority": "nice",
  "Max realtime priority": "rtprio",
  "Max realtime timeout": "rttime",
};

type Limits = ReadonlyMap<string, readonly [soft: number, hard: number]>;

/**
 * `Max open files            1024                 524288               files` (proc_pid_limits(5)).
 */
export function parseLimits(text: string): Limits {
  return new Map(
    text.split("\n").flatMap((line) => {
      const [, name = "", soft = "", hard = ""] = /^(Max .*?) {2,}(\S+) +(\S+)/.exec(line) ?? [];
      const option = options[name];
      return option === undefined ? [] : [[option, [parsed(soft), parsed(hard)]] as const];
    }),
  );
}

function parsed(text: string): number {
  return text === "unlimited" ? Number.POSITIVE_INFINITY : Number(text);
}

/** Arguments of prlimit(1) that set the limits `wanted`, as far as the hard limits `own` allow. */
export function limitArguments(wanted: Limits, own: Limits): readonly string[] {
  return [...wanted].map(([option, [soft, hard]]) => {
    const most = own.get(option)?.[1] ?? 0;
    return `--${option}=${spell(Math.min(soft, most))}:${spell(Math.min(hard, most))}`;
  });
}

function spell(value: number): string {
  return value === Number.POSITIVE_INFINITY ? "unlimited" : String(value);
}

/** Empty if the process has exited. */
export function limitsOf(pid: number | "self"): Limits {
  return parseLimits(readProc(`/proc/${pid}/limits`) ?? "");
}
