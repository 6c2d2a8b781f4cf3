import * as path from "node:path";
import { levels } from "../src/model/level.ts";
import { bundleProgram } from "../test/vm/bundle.ts";
import { fillWithClone } from "../test/vm/fill.ts";
import { machineMissing, runInVm } from "../test/vm/machine.ts";
import type { Tree } from "../test/vm/tree.ts";
import type { Figure } from "./guest/lsm.ts";
import { servers } from "./guest/lsm-servers.ts";
import { clone, cofferdam, type Scratch } from "./scratch.ts";
import { type Row, verdict } from "./table.ts";

/** Enforcing may add no more than AppArmor does with the same policy. */
const EXTRA_BUDGET = 1;
/** Of an operation without anything: a smaller extra of AppArmor's counts as so much. */
const EXTRA_LEAST = 0.01;
const UNLABELLED_BUDGET = 1.02;
const WARNING_BUDGET = 1;
/** As many rules or domains as may be cost no more than a few do. */
const FLAT_BUDGET = 1.01;

/**
 * Columns of the table, in this order, which is not that of measuring; other settings follow them.
 */
const columns: readonly string[] = ["nothing", "unlabelled", "AppArmor", "landlock", ...levels];

const guestBundle = path.join(clone, "build/vm/bench-lsm.mjs");

/**
 * What one operation costs, in instructions of a virtual machine whose clock counts them: the same
 * at each run, and blind to what caches and branch prediction make of them.
 */
export async function lsmCosts(scratch: Scratch): Promise<Row[]> {
  const missing = machineMissing();
  if (missing !== null) throw new Error(`bench lsm: ${missing}`);
  const bundle = await bundleProgram('import "./lsm.ts";', path.join(clone, "bench/guest"));
  const steps = {
    bpffs: "/vm/busybox mount -t bpf bpf /sys/fs/bpf",
    measure: `COFFERDAM=${cofferdam} node ${guestBundle}`,
  };
  const outcome = await runInVm(
    { bench: { root: steps } },
    (tree) => fill(tree, scratch, bundle),
    "instructions",
  );
  const step = outcome.steps.get("bench/root/measure");
  if (step?.status !== 0) throw new Error(`${step?.output}\n${outcome.console}`);
  return rowsOf(figuresIn(step.output));
}

function fill(tree: Tree, scratch: Scratch, bundle: string): void {
  fillWithClone(tree);
  for (const name of ["micro", "accept"]) tree.copy(scratch.program(name), `vm/${name}`);
  for (const { program } of servers) tree.program(program);
  tree.program("/usr/sbin/apparmor_parser");
  tree.copy("/etc/apparmor/parser.conf");
  tree.copy("/etc/apparmor.d/abi/4.0");
  tree.copy("/usr/share/apparmor-features");
  tree.write("vm/profile", profile);
  tree.write(guestBundle, bundle);
}

/** The same grants as `guest/lsm.ts` gives the domain. */
const profile = `abi <abi/4.0>,
profile bench /vm/a/* {
  /vm/a/* mr,
  /usr/bin/true mrix,
  /usr/lib/** mr,
  /etc/ld.so.cache r,
  /b/c/file r,
  /b/c/d/** r,
  /b/w/** rw,
  /tmp/figures rw,
  /b/socket rw,
  /b/s/** rw,
  /proc/** r,
  /sys/** r,
  /etc/{passwd,group,nsswitch.conf,localtime,ssl/openssl.cnf} r,
  /dev/null rw,
  network inet stream,
  unix,
  signal peer=bench,
  signal receive peer=unconfined,
}
`;

function figuresIn(output: string): readonly Figure[] {
  return output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Figure);
}

/** One row an operation; the notes say what the budgets say of it. */
export function rowsOf(figures: readonly Figure[]): Row[] {
  const rows = new Map<string, Record<string, number>>();
  for (const { operation, setting, each } of figures)
    rows.set(operation, { ...rows.get(operation), [setting]: each });
  return [...rows].map(([what, all]) => ({
    what,
    unit: "instructions",
    figures: inColumns(all),
    note: notesOf(all),
  }));
}

function inColumns(all: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const names = [...columns.filter((name) => name in all), ...Object.keys(all)];
  return Object.fromEntries(names.map((name) => [name, all[name] ?? 0]));
}

function notesOf(all: Readonly<Record<string, number>>): string {
  const { nothing = 0, AppArmor = 0, unlabelled = 0, enforcing = 0, warning = 0 } = all;
  const many = Object.entries(all).filter(([setting]) => /^\d+ \w+$/.test(setting));
  const extra = (enforcing - nothing) / Math.max(nothing * EXTRA_LEAST, AppArmor - nothing);
  return [
    verdict(extra, "AppArmor's extra", EXTRA_BUDGET),
    verdict(unlabelled / nothing, "nothing, unlabelled", UNLABELLED_BUDGET),
    verdict(warning / enforcing, "enforcing, at warning", WARNING_BUDGET),
    ...many.map(([what, each]) => verdict(each / enforcing, `enforcing, ${what}`, FLAT_BUDGET)),
  ].join("; ");
}
