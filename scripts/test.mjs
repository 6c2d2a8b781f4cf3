// Runs the checks (generated files, types, lint and format) and the tests, adds them up, prints the
// last line.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { performance } from "node:perf_hooks";

/** Written by scripts/test-reporter.mjs: { passed, failed, skipped }. */
const summaryFile = "build/test-summary.json";

const checks = [
  { name: "generated files", command: ["node", "scripts/generate.mjs", "--check"] },
  { name: "types", command: ["node_modules/.bin/tsc", "--noEmit"] },
  {
    name: "lint and format",
    command: ["node_modules/.bin/biome", "check", "--error-on-warnings", "."],
  },
];

function runCheck({ name, command }) {
  const start = performance.now();
  const [program, ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const passed = status === 0;
  console.log(`${passed ? "ok  " : "FAIL"} ${name.padEnd(28)} ${seconds.padStart(6)} s`);
  if (!passed) console.log(error ? String(error) : `${stdout}${stderr}`);
  return passed;
}

function runTests(args) {
  mkdirSync("build", { recursive: true });
  rmSync(summaryFile, { force: true });
  const reporter = ["--reporter=./scripts/test-reporter.mjs"];
  const { status } = spawnSync("node_modules/.bin/vitest", ["run", ...reporter, ...args], {
    stdio: "inherit",
  });
  if (!existsSync(summaryFile)) return { passed: 0, failed: 1, skipped: 0 };
  const summary = JSON.parse(readFileSync(summaryFile, "utf8"));
  // vitest also fails because of errors outside all tests.
  if (status !== 0 && summary.failed === 0) summary.failed = 1;
  return summary;
}

const start = performance.now();
const checked = checks.map(runCheck);
const { passed, failed, skipped } = runTests(process.argv.slice(2));
const total = {
  passed: passed + checked.filter((ok) => ok).length,
  failed: failed + checked.filter((ok) => !ok).length,
  skipped,
};
console.log(`\nin ${((performance.now() - start) / 1000).toFixed(0)} s`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
