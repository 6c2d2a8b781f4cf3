// Runs the checks (generated files, types, lint and format) and the tests, adds them up, prints the
// last line.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { isWhole, leftOutOn } from "./share-of-day.mjs";

/** Written by scripts/test-reporter.mjs. */
const summaryFile = "build/test-summary.json";

/**
 * In CI, files with failures run once more, alone: a machine that is busy with something else must
 * not keep a change out. What failed stays told. More files than this have another reason.
 */
const AGAIN_MAX = process.env.COFFERDAM_TEST_AGAIN === "1" ? 3 : 0;

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

/** @returns of each file { passed, failed, skipped }, by its name */
function runTests(args, leftOut = []) {
  mkdirSync("build", { recursive: true });
  rmSync(summaryFile, { force: true });
  const reporter = ["--reporter=./scripts/test-reporter.mjs"];
  const { status } = spawnSync("node_modules/.bin/vitest", ["run", ...reporter, ...args], {
    stdio: "inherit",
    env: { ...process.env, COFFERDAM_LEFT_OUT: leftOut.join(" ") },
  });
  if (!existsSync(summaryFile)) return new Map([["vitest", failure]]);
  const { files, outside } = JSON.parse(readFileSync(summaryFile, "utf8"));
  const counts = new Map(Object.entries(files));
  // vitest also fails because of errors outside all tests.
  if (outside > 0 || (status !== 0 && failedIn(counts).length === 0))
    counts.set("outside of all tests", failure);
  return counts;
}

const failure = { passed: 0, failed: 1, skipped: 0 };

function failedIn(counts) {
  return [...counts].filter(([, { failed }]) => failed > 0).map(([file]) => file);
}

/** The counts of a second run of the files in which tests failed, if they are few. */
function runAgain(counts, args) {
  const files = failedIn(counts);
  const areTests = files.every((file) => existsSync(file));
  if (files.length === 0 || files.length > AGAIN_MAX || !areTests) return new Map();
  console.log(`\nonce more, alone: ${files.join(", ")}`);
  const projects = args.filter((word) => word.startsWith("--project="));
  const again = runTests([...projects, "--no-file-parallelism", ...files]);
  if (failedIn(again).length > 0) return new Map();
  console.log(`\nFAILED BESIDE OTHER TESTS, and passed alone: ${files.join(", ")}`);
  return again;
}

const start = performance.now();
const checked = checks.map(runCheck);
const args = process.argv.slice(2);
const isAll = args.every((word) => word === "--project=!debian");
const leftOut = isAll && !isWhole ? leftOutOn(new Date()) : [];
const first = runTests(args, leftOut);
const counts = [...new Map([...first, ...runAgain(first, args)]).values()];
const sum = (key) => counts.reduce((total, one) => total + one[key], 0);
const total = {
  passed: sum("passed") + checked.filter((ok) => ok).length,
  failed: sum("failed") + checked.filter((ok) => !ok).length,
  skipped: sum("skipped"),
};
if (leftOut.length > 0) {
  console.log("\nlong, and left to other days; all of them: COFFERDAM_WHOLE=1 npm test");
  for (const file of leftOut) console.log(`  ${file}`);
}
console.log(`\nin ${((performance.now() - start) / 1000).toFixed(0)} s`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
