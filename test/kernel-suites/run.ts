import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { compileC } from "../support/compile-c.ts";
import type { Suite } from "./suites.ts";

const clone = path.resolve(import.meta.dirname, "../..");
/** The kernel's source, as far as it was unpacked: a link that scripts/lib/unpacked.sh makes. */
const sources = path.join(clone, "build/debian/selftests/tools/testing/selftests");
const front = path.join(clone, "bin/cofferdam");

/** One program, in milliseconds: only one that hangs takes that long. */
const SUITE_TIMEOUT_MS = 300_000;

export interface SuiteOutcome {
  /** By the test's own name. */
  readonly tests: ReadonlyMap<string, "passed" | "failed" | "skipped">;
  readonly status: number | null;
  readonly text: string;
}

/** Where the built programs lie, and where they may work. */
export interface Place {
  readonly bin: string;
  readonly work: string;
}

export function haveSources(): boolean {
  return fs.existsSync(sources);
}

/** Compiles a suite, and its helper beside it, as their Makefile does. */
export function buildSuite({ sources: files, helper }: Suite, target: string): void {
  compile(target, files, []);
  if (helper !== undefined)
    compile(path.join(path.dirname(target), helper[0]), [helper[1]], ["-static"]);
}

function compile(target: string, files: readonly string[], more: readonly string[]): void {
  const options = ["-O1", "-w", "-D_GNU_SOURCE", "-pthread", `-I${sources}`, ...more];
  const paths = files.map((file) => path.join(sources, file));
  compileC(target, paths, options, ["-lcap", "-lrt"]);
}

/**
 * Runs a built suite in an empty folder and a mount namespace of its own; with a policy, in its
 * domain.
 */
export function runSuite(
  { name, helper, leftOut = [] }: Suite,
  place: Place,
  policy: string | null,
): SuiteOutcome {
  const folder = path.join(place.work, policy === null ? "bare" : "inside");
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder);
  if (helper !== undefined)
    fs.copyFileSync(path.join(place.bin, helper[0]), path.join(folder, helper[0]));
  const program = [path.join(place.bin, name), ...leftOut.flatMap((test) => ["-T", test])];
  const command = policy === null ? program : [front, "run", "--policy", policy, "--", ...program];
  const log = path.join(place.work, "output");
  // A file, for the domain keeps no pipe that Node made: those are sockets.
  const output = fs.openSync(log, "w");
  const { status, signal } = spawnSync("unshare", ["-m", ...command], {
    cwd: folder,
    stdio: ["ignore", output, output],
    timeout: SUITE_TIMEOUT_MS,
  });
  fs.closeSync(output);
  const text = `${fs.readFileSync(log, "utf8")}${signal === null ? "" : `ended by ${signal}\n`}`;
  return { tests: parseTap(text), status, text };
}

/**
 * `ok 3 NAME`, `ok 3 # SKIP NAME`, `not ok 3 NAME`, as kselftest.h prints them; an expected failure
 * counts as passed.
 */
function parseTap(text: string): SuiteOutcome["tests"] {
  const lines = [...text.matchAll(/^(not )?ok \d+ (.*)$/gm)];
  return new Map(
    lines.map(([, not, rest = ""]) => {
      const skipped = /#\s*SKIP\s*/.exec(rest) !== null;
      const name = rest.replace(/#\s*(SKIP|XFAIL)\s*/, "").trim();
      return [name, skipped ? "skipped" : not === undefined ? "passed" : "failed"] as const;
    }),
  );
}
