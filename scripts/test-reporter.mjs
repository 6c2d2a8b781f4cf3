// Prints one line per suite (a folder under test/): how long it lasted, and its CPU time; then each
// skip with its reason, and each failure in full. A skip without a reason is a failure, because it
// looks like a forgotten test.
import { writeFileSync } from "node:fs";
import { relative, sep } from "node:path";

/** How many of the slowest files are named. */
const SLOWEST = 20;
/**
 * Of each file { passed, failed, skipped, lasted, cpu }, the times in milliseconds, and how many
 * errors came outside of all tests.
 */
const summaryFile = "build/test-summary.json";

/** `test/model/decide.test.ts` -> `model`; a file directly under test/ is a suite of its own. */
function suiteOf(file) {
  const parts = relative(process.cwd(), file).split(sep).slice(1);
  return parts.length > 1 ? parts[0] : (parts[0] ?? file);
}

function print(text) {
  process.stdout.write(`${text}\n`);
}

function printErrors(where, errors) {
  print(`\nFAIL ${where}`);
  for (const error of errors) {
    print(`     ${error.name ?? "Error"}: ${error.message}`);
    if (error.diff) print(error.diff);
    const frames = (error.stacks ?? []).filter(({ file }) => !file.includes("node_modules"));
    for (const { file, line, column } of frames)
      print(`     at ${relative(process.cwd(), file)}:${line}:${column}`);
  }
}

/** `-` for a file that ended before it could tell its CPU time. */
function times({ lasted, cpu }) {
  const shown = (ms) => (Number.isNaN(ms) ? "-" : `${(ms / 1000).toFixed(1)} s`).padStart(8);
  return `${shown(lasted)} ${shown(cpu)}`;
}

export default class TestReporter {
  suites = new Map();
  reasons = new Map();
  /** Milliseconds { lasted, cpu } by file. */
  files = new Map();
  /** { passed, failed, skipped } by file. */
  counts = new Map();

  onTestModuleEnd(module) {
    const file = relative(process.cwd(), module.moduleId);
    const suite = { passed: 0, failed: 0, skipped: 0 };
    this.counts.set(file, suite);
    const { duration, setupDuration, collectDuration } = module.diagnostic();
    const lasted = duration + setupDuration + collectDuration;
    this.files.set(file, { lasted, cpu: module.meta().cpuMs ?? Number.NaN });
    for (const test of module.children.allTests()) this.count(suite, test);
    const errors = module.errors();
    if (errors.length > 0) {
      suite.failed += 1;
      printErrors(file, errors);
    }
    for (const child of module.children.allSuites()) {
      if (child.errors().length === 0) continue;
      suite.failed += 1;
      printErrors(`${file} > ${child.fullName}`, child.errors());
    }
    this.addUp(suite, file);
    process.stdout.isTTY && print(`  ${file}`);
  }

  addUp(counts, file) {
    const name = suiteOf(file);
    const suite = this.suites.get(name) ?? {
      passed: 0,
      failed: 0,
      skipped: 0,
      lasted: 0,
      cpu: 0,
    };
    this.suites.set(name, suite);
    const added = { ...counts, ...this.files.get(file) };
    for (const key of Object.keys(added)) suite[key] += added[key];
  }

  count(suite, test) {
    const result = test.result();
    const where = `${relative(process.cwd(), test.module.moduleId)} > ${test.fullName}`;
    if (result.state === "passed") suite.passed += 1;
    else if (result.state === "skipped" && result.note) {
      suite.skipped += 1;
      this.reasons.set(result.note, [...(this.reasons.get(result.note) ?? []), where]);
    } else {
      suite.failed += 1;
      printErrors(
        where,
        result.errors ?? [{ message: `${result.state} without a reason (test/support/skip.ts)` }],
      );
    }
  }

  onTestRunEnd(_modules, unhandledErrors) {
    if (unhandledErrors.length > 0) printErrors("outside of all tests", unhandledErrors);
    print(`\n${"lasted".padStart(30)}${"CPU".padStart(9)}`);
    for (const [name, suite] of [...this.suites].sort(([a], [b]) => a.localeCompare(b))) {
      const counts = `${suite.passed} passed, ${suite.failed} failed, ${suite.skipped} skipped`;
      print(
        `${suite.failed === 0 ? "ok  " : "FAIL"} ${name.padEnd(16)} ${times(suite)}  ${counts}`,
      );
    }
    print("\nslowest files:");
    const slowest = [...this.files].sort(([, a], [, b]) => b.lasted - a.lasted).slice(0, SLOWEST);
    for (const [file, one] of slowest) print(`${times(one)}  ${file}`);
    for (const [reason, tests] of this.reasons) {
      print(`\nskipped, because ${reason}:`);
      for (const test of tests) print(`  ${test}`);
    }
    const files = Object.fromEntries(
      [...this.counts].map(([file, counts]) => [file, { ...counts, ...this.files.get(file) }]),
    );
    writeFileSync(summaryFile, JSON.stringify({ files, outside: unhandledErrors.length }));
  }
}
