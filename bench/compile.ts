import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { compile } from "../src/compile/compile.ts";
import { hostSnapshot } from "../src/compile/host-snapshot.ts";
import { oneMoment } from "../src/compile/one-moment.ts";
import { hasError } from "../src/diagnostics/diagnostic.ts";
import { checkContext } from "../src/host/check-context.ts";
import { hostNow } from "../src/host/host.ts";
import { load } from "../src/host/load.ts";
import { places } from "../src/host/places.ts";
import { encodePlan } from "../src/plan/encode.ts";
import { checkErrors } from "../src/policy/3-check/check.ts";
import { progress } from "./progress.ts";
import { clone, cofferdam, median, type Scratch } from "./scratch.ts";
import type { Row } from "./table.ts";

/** Design: this many policies in {@link BUDGET_S} seconds. */
const POLICIES = 1_000;
const BUDGET_S = 5;
/** Whole runs of the compiler as the front starts it. */
const PROCESSES = 5;

/**
 * From file to encoded plan: 1,000 policies in one process, and one in a process of its own, as at
 * a first start.
 */
export async function compileTimes(scratch: Scratch): Promise<Row[]> {
  const folder = scratch.file("policies");
  fs.mkdirSync(folder);
  const files = Array.from({ length: POLICIES }, (_, i) => path.join(folder, `daemon-${i}.yaml`));
  for (const [i, file] of files.entries()) fs.writeFileSync(file, daemonPolicy(i));
  progress(`compile of ${POLICIES} policies`);
  const all = new Compiler();
  let bytes = 0;
  const whole = await timed(async () => {
    for (const file of files) bytes += await all.compile(file);
  });
  progress("compile of one policy in a process of its own");
  const plan = scratch.file("one.plan");
  const single = Array.from({ length: PROCESSES }, () => {
    const begin = process.hrtime.bigint();
    execFileSync(cofferdam, ["compile", "--out", plan, "--policy", files[0] ?? ""], {
      stdio: "ignore",
    });
    return Number(process.hrtime.bigint() - begin) / 1e6;
  });
  const size = Math.round(bytes / POLICIES / 1024);
  const note = `${budget(whole.ms, BUDGET_S * 1000)}; ${size} KiB a plan`;
  return [
    row(`${POLICIES} policies, file to plan`, whole.ms, note),
    row(
      "processor time of each",
      whole.processorMs / POLICIES,
      "what does not depend on how busy the machine is",
    ),
    row("one policy, whole process", median(single), "at the first start only"),
  ];
}

async function timed(work: () => Promise<unknown>): Promise<{ ms: number; processorMs: number }> {
  const processor = process.cpuUsage();
  const begin = process.hrtime.bigint();
  await work();
  const ms = Number(process.hrtime.bigint() - begin) / 1e6;
  const { user, system } = process.cpuUsage(processor);
  return { ms, processorMs: (user + system) / 1e3 };
}

function row(what: string, ms: number, note: string): Row {
  return { what, unit: "ms", figures: { time: ms }, note };
}

function budget(ms: number, limit: number): string {
  return `budget ${limit} ms: ${ms <= limit ? "met" : "MISSED"}`;
}

/**
 * As the agent does it: the host is probed once, and all that is loaded together is of one moment.
 */
class Compiler {
  readonly #where = places({ uid: process.getuid?.() ?? 0, env: process.env, home: clone });
  readonly #facts = hostNow().facts;
  readonly #context = checkContext(this.#where, {
    facts: this.#facts,
    snapshot: oneMoment(hostSnapshot()),
  });
  readonly #snapshot = oneMoment(hostSnapshot());

  /** Bytes of the plan. */
  async compile(file: string): Promise<number> {
    const where = this.#where;
    const snapshot = this.#snapshot;
    const { policy, diagnostics, files, absent, identities } = load(where, { file });
    const kept = [...files, ...where.kept];
    const onHost =
      policy === null ? [] : checkErrors(policy, { ...this.#context, snapshot, file, kept });
    if (policy === null || hasError([...diagnostics, ...onHost])) throw new Error(file);
    const options = {
      facts: this.#facts,
      snapshot,
      files,
      absent,
      identities,
      own: where.own,
      kept: where.kept,
    };
    const { plan } = await compile(policy, options);
    if (plan === null) throw new Error(`there is no plan for ${file}`);
    return encodePlan(plan).length;
  }
}

/** As long as the shipped ones, each for places of its own. */
function daemonPolicy(i: number): string {
  return `summary: daemon ${i}
include: [base, name-service, openssl]
files:
  - rx /usr/bin/true
  - r /etc/daemon-${i}/** /usr/share/daemon-${i}/**
  - rwcda /var/lib/daemon-${i}/**
  - wc /var/log/daemon-${i}/*.log
  - rwcd /run/daemon-${i}.pid
  - deny r /etc/daemon-${i}/private/**
network:
  - listen tcp ${10_000 + i}
  - connect tcp 10.0.0.0/8:5432
inherit: [stdio]
syscalls: ["@system-service"]
signals: [self]
`;
}
