import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { SHARED_FOLDER } from "../src/base/modes.ts";
import { Acceptor } from "./acceptor.ts";
import { asOrdinaryUser, ORDINARY_USER, ordinaryUser } from "./ordinary-user.ts";
import { progress } from "./progress.ts";
import { inTurns, type Settings, type Work } from "./rounds.ts";
import { cofferdam, installed, type Scratch } from "./scratch.ts";
import { type Row, verdict } from "./table.ts";

/** Processes started for each setting and operation, in turns. */
const TURNS = 3;
/** Rounds of a process that do not count, where the operation says nothing else. */
const WARM_UP = 5;
/** Design: an open costs so much of what the C supervisor of the same kind takes. */
const OPEN_BUDGET = 1.2;
/** Design: so do creating, removing, connecting and executing, of a C broker that does the same. */
const BROKERED_BUDGET = 1.5;
/** Design: strace costs so many times an open at level warning. */
const STRACE_BUDGET = 5;
/** Its folder is granted `m` by `base`. */
const LIBRARY = "/usr/lib/x86_64-linux-gnu/libc.so.6";
/** The three kinds of call that the C program looks at too. */
const TRACED = "trace=open,openat,execve,connect";

/**
 * The owner of the domain: root, which the mediator serves as root; root with `user: nobody`, for
 * whose calls it changes its own identity; or an ordinary user, mediator included.
 */
type Whose = "root" | "dropped" | "user";

interface Supervised extends Work {
  readonly what: string;
  readonly level: "warning" | "enforcing";
  readonly whose: Whose;
  readonly yardstick: "continue" | "broker";
  readonly budget: number | null;
}

interface Places {
  readonly inside: string;
  readonly outside: string;
  readonly made: string;
  readonly port: string;
}

/**
 * Nanoseconds an operation of a supervised domain: without anything, under the C supervisor with
 * the same filter, and at level warning under strace.
 */
export async function supervisedTimes(scratch: Scratch): Promise<Row[]> {
  const supervisor = scratch.program("supervisor");
  const folder = inMemory();
  const server = await Acceptor.start(scratch);
  const places = {
    inside: scratch.file("inside"),
    outside: scratch.file("outside"),
    made: path.join(folder, "made"),
    port: String(server.port),
  };
  for (const file of [places.inside, places.outside]) fs.writeFileSync(file, "x");
  try {
    const rows: Row[] = [];
    for (const one of operations(places)) {
      progress(one.what);
      const settings = settingsOf(scratch, supervisor, one, places);
      const figures = await inTurns(scratch, one, settings, TURNS);
      rows.push({ what: one.what, unit: "ns", figures, note: note(one, figures) });
    }
    return rows;
  } finally {
    server.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Making a name on a disk costs more than all that is measured here. */
function inMemory(): string {
  const shared = "/dev/shm";
  const folder = fs.mkdtempSync(
    path.join(fs.existsSync(shared) ? shared : os.tmpdir(), "cofferdam-bench-"),
  );
  fs.chmodSync(folder, SHARED_FOLDER);
  return folder;
}

function settingsOf(
  scratch: Scratch,
  supervisor: string,
  one: Supervised,
  places: Places,
): Settings {
  const { whose, level, yardstick } = one;
  const name = `bench-${level}-${whose}`;
  const text = policyText(scratch, level, places, whose);
  const plan =
    whose === "user"
      ? scratch.supervised(name, text, ordinaryUser(scratch))
      : scratch.supervised(name, text);
  const micro = scratch.file("micro");
  const user = whose === "root" ? [] : asOrdinaryUser(scratch);
  const [outer, inner] = whose === "user" ? [user, []] : [[], user];
  const traced = ["strace", "-f", "--seccomp-bpf", "-e", TRACED, "-o", "/dev/null"];
  const isTraced = yardstick === "continue" && whose === "root" && installed("strace");
  return {
    nothing: [...user, micro],
    C: [...outer, supervisor, yardstick, plan.filter, "--", ...inner, micro],
    Cofferdam: [...outer, cofferdam, "run", "--policy", plan.policy, "--", micro],
    ...(isTraced ? { strace: [...traced, micro] } : {}),
  };
}

function operations({ inside, outside, made, port }: Places): Supervised[] {
  const works = {
    open: { operation: "open", argument: inside, perRound: 1_000 },
    "open, outside": { operation: "open", argument: outside, perRound: 1_000 },
    create: { operation: "make", argument: made, perRound: 300 },
    unlink: { operation: "unlink", argument: made, perRound: 300 },
    connect: { operation: "connect", argument: port, perRound: 300 },
    map: { operation: "map", argument: LIBRARY, perRound: 1_000 },
    "fork+exec": { operation: "exec", argument: "/usr/bin/true", perRound: 40, warmUp: 50 },
  } as const;
  const row = (
    work: keyof typeof works,
    level: Supervised["level"],
    whose: Whose,
    budget: number | null,
  ): Supervised => {
    const by = { root: "", dropped: `, user: ${ORDINARY_USER}`, user: ", an ordinary user's" };
    const yardstick = level === "warning" || work === "map" ? "continue" : "broker";
    const what = `${work}, ${level}${by[whose]}`;
    return { warmUp: WARM_UP, ...works[work], what, level, whose, yardstick, budget };
  };
  const isRoot = process.getuid?.() === 0;
  const brokered = ["create", "unlink", "connect", "fork+exec"] as const;
  const whoses: readonly Whose[] = isRoot ? ["root", "user"] : ["root"];
  return [
    row("open", "warning", "root", OPEN_BUDGET),
    row("open, outside", "warning", "root", null),
    row("connect", "warning", "root", null),
    row("fork+exec", "warning", "root", null),
    ...(isRoot ? [row("open", "enforcing", "dropped", OPEN_BUDGET)] : []),
    ...whoses.flatMap((whose) => [
      row("open", "enforcing", whose, OPEN_BUDGET),
      row("map", "enforcing", whose, null),
      ...brokered.map((work) => row(work, "enforcing", whose, BROKERED_BUDGET)),
    ]),
    ...(isRoot ? [row("open", "warning", "user", OPEN_BUDGET)] : []),
  ];
}

/** The budgets that an operation has, beside what was measured. */
export function note(
  { budget, level }: Pick<Supervised, "budget" | "level">,
  figures: Readonly<Record<string, number>>,
): string {
  const { nothing = 0, C = 0, Cofferdam = 0, strace } = figures;
  const ratio = Cofferdam / C;
  const toC = budget === null ? `${ratio.toFixed(2)} x C` : verdict(ratio, "C", budget);
  const notes = [toC, `${(Cofferdam / nothing).toFixed(1)} x nothing`];
  if (strace === undefined) return notes.join("; ");
  const cheaper = strace / Cofferdam;
  const isBudgeted = budget !== null && level === "warning";
  notes.push(
    isBudgeted
      ? verdict(cheaper, "cheaper than strace", STRACE_BUDGET, true)
      : `${cheaper.toFixed(2)} x cheaper than strace`,
  );
  return notes.join("; ");
}

function policyText(
  scratch: Scratch,
  level: string,
  { inside, made, port }: Places,
  whose: Whose,
): string {
  const user = whose === "dropped" ? `user: ${ORDINARY_USER}\ngroup: nogroup\n` : "";
  return `summary: benchmark
level: ${level}
mediation: supervised
include: [base]
${user}files:
  - rx ${scratch.file("micro")} /usr/bin/true
  - r ${inside}
  - rwcd ${made}
network: [connect tcp ${port}]
syscalls: ["@system-service"]
inherit: [stdio]
`;
}
