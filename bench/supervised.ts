import * as fs from "node:fs";
import * as net from "node:net";
import { progress } from "./progress.ts";
import { inTurns, type Settings, type Work } from "./rounds.ts";
import { cofferdam, installed, type Scratch } from "./scratch.ts";
import { type Row, verdict } from "./table.ts";

/** Processes started for each setting and operation, in turns. */
const TURNS = 5;
/** Design: an open costs so much of what the C supervisor of the same kind takes. */
const BUDGET = 1.2;
/** Design: strace costs so many times an open at level warning. */
const STRACE_BUDGET = 5;
/** The three kinds of call that the C program looks at too. */
const TRACED = "trace=open,openat,execve,connect";

const AS_NOBODY = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"];

interface Supervised extends Work {
  readonly what: string;
  readonly level: string;
  readonly yardstick: "continue" | "broker";
  /** Has a budget in the design. */
  readonly isBudgeted?: boolean;
  readonly user?: "nobody";
}

/**
 * Nanoseconds an operation of a supervised domain: without anything, under the C supervisor with
 * the same filter, under strace.
 */
export async function supervisedTimes(scratch: Scratch): Promise<Row[]> {
  const supervisor = scratch.program("supervisor");
  const files = { inside: scratch.file("inside"), outside: scratch.file("outside") };
  for (const file of Object.values(files)) fs.writeFileSync(file, "x");
  const server = net.createServer((socket) => socket.on("error", () => socket.destroy()).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 4096, resolve));
  const port = String((server.address() as net.AddressInfo).port);
  const level = (name: string, user?: string) =>
    scratch.supervised(
      `bench-${name}${user ?? ""}`,
      policyText(scratch, name, files.inside, port, user),
    );
  const plans = new Map(["warning", "enforcing"].map((name) => [name, level(name)]));
  if (process.getuid?.() === 0) plans.set("enforcingnobody", level("enforcing", "nobody"));
  try {
    const rows: Row[] = [];
    for (const one of operations(files, port)) {
      const plan = plans.get(one.level + (one.user ?? ""));
      if (plan === undefined) continue;
      progress(one.what);
      const as = one.user === undefined ? [] : AS_NOBODY;
      const micro = scratch.file("micro");
      const settings: Settings = {
        nothing: [...as, micro],
        C: [supervisor, one.yardstick, plan.filter, "--", ...as, micro],
        Cofferdam: [cofferdam, "run", "--policy", plan.policy, "--", micro],
        ...(installed("strace")
          ? {
              strace: [
                ...as,
                "strace",
                "-f",
                "--seccomp-bpf",
                "-e",
                TRACED,
                "-o",
                "/dev/null",
                micro,
              ],
            }
          : {}),
      };
      const figures = await inTurns(scratch, one, settings, TURNS);
      rows.push({ what: one.what, unit: "ns", figures, note: note(one, figures) });
    }
    return rows;
  } finally {
    server.close();
  }
}

function operations(files: { inside: string; outside: string }, port: string): Supervised[] {
  const open = { operation: "open", argument: files.inside, perRound: 1_000 };
  const exec = { operation: "exec", argument: "/usr/bin/true", perRound: 20 };
  const connect = { operation: "connect", argument: port, perRound: 300 };
  const enforcing = { level: "enforcing", yardstick: "broker" } as const;
  const warning = { level: "warning", yardstick: "continue" } as const;
  return [
    { what: "open, warning, inside", ...warning, ...open, isBudgeted: true },
    { what: "open, warning, outside", ...warning, ...open, argument: files.outside },
    { what: "open, enforcing", ...enforcing, ...open, isBudgeted: true },
    { what: "the same as nobody", ...enforcing, ...open, user: "nobody" },
    { what: "fork+exec, warning", ...warning, ...exec },
    { what: "fork+exec, enforcing", ...enforcing, ...exec },
    { what: "connect, warning", ...warning, ...connect },
    { what: "connect, enforcing", ...enforcing, ...connect },
  ];
}

function note(
  { isBudgeted, yardstick }: Supervised,
  figures: Readonly<Record<string, number>>,
): string {
  const { C, Cofferdam, strace } = figures;
  if (C === undefined || Cofferdam === undefined) return "";
  const ratio = Cofferdam / C;
  const toC = isBudgeted === true ? verdict(ratio, "C", BUDGET) : `${ratio.toFixed(2)} x C`;
  if (strace === undefined) return `${toC}; strace is not installed`;
  const cheaper = strace / Cofferdam;
  const budgeted = isBudgeted === true && yardstick === "continue";
  const traced = budgeted ? verdict(cheaper, "cheaper than strace", STRACE_BUDGET, true) : "";
  return `${toC}; ${traced || `${cheaper.toFixed(2)} x cheaper than strace`}`;
}

function policyText(
  scratch: Scratch,
  level: string,
  inside: string,
  port: string,
  user?: string,
): string {
  return `summary: benchmark
level: ${level}
mediation: supervised
include: [base]
${user === undefined ? "" : `user: ${user}\ngroup: nogroup\n`}files:
  - rx ${scratch.file("micro")} /usr/bin/true
  - r ${inside}
network: [connect tcp ${port}]
syscalls: ["@system-service"]
inherit: [stdio]
`;
}
