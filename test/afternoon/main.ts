/**
 * `npm run afternoon -- [NAME...]`: each daemon from an empty domain to level enforcing. Progress
 * on standard error, the table or one object for each on standard output. What went through all
 * rounds and attacks gets its row in docs/afternoon.md.
 */

import { parseArgs } from "node:util";
import { VERSION } from "../../src/cli/version.ts";
import { bootMissing } from "../host/shell-sandbox/booted-host.ts";
import { asDebian, bootRoot, dpkg } from "../package/booted-root.ts";
import { sharedPackages } from "../package/packages.ts";
import { rootMissing, ScratchRoot } from "../package/scratch-root.ts";
import { Afternoon } from "./afternoon.ts";
import { bundlePrograms } from "./on-host.ts";
import { failuresOf, renderTable, writeRow } from "./report.ts";
import type { Result } from "./result.ts";
import { subjects } from "./subjects.ts";

const ROUNDS = 20;

function progress(what: string): void {
  process.stderr.write(`afternoon: ${what}\n`);
}

const USAGE = "npm run afternoon -- [--json] [--rounds N] [--no-attacks] [NAME...]";
const { values, positionals: named } = readWords();
const rounds = Number(values.rounds ?? ROUNDS);

function readWords() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: "boolean" },
        rounds: { type: "string" },
        "no-attacks": { type: "boolean" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    progress(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exit(2);
  }
}

const isWhole = rounds === ROUNDS && values["no-attacks"] !== true;
const names = subjects.map(({ daemon }) => daemon.name);
const unknown = named.filter((word) => !names.includes(word));
if (values.help === true || unknown.length > 0 || !(rounds >= 1)) {
  if (unknown.length > 0) progress(`there is no \`${unknown.join(", ")}\``);
  process.stdout.write(`${USAGE}\nNAME: ${names.join(", ")}; all, if none is named\n`);
  process.exit(values.help === true ? 0 : 2);
}
const missing = rootMissing() ?? bootMissing();
if (missing !== null) {
  progress(`nothing can be tried: ${missing}`);
  process.exit(3);
}

const wanted = subjects.filter(({ daemon }) => named.length === 0 || named.includes(daemon.name));
progress("packages are built, a host is booted");
const packages = sharedPackages((file) => !file.startsWith("docs/"));
const programs = await bundlePrograms();
const root = await ScratchRoot.start(packages.folder);
const results: Result[] = [];
try {
  root.sh(asDebian);
  const host = await bootRoot(root);
  try {
    dpkg(host, "--install", packages.inRoot(VERSION));
    for (const subject of wanted) {
      const { name } = subject.daemon;
      const afternoon = new Afternoon(subject, {
        host,
        rounds,
        programs,
        attacks: values["no-attacks"] !== true,
        say: (what) => progress(`${name}: ${what}`),
      });
      const result = await afternoon.run();
      results.push(result);
      for (const failure of failuresOf(result)) progress(`${name}: ${failure}`);
      if (values.json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
      if (isWhole) writeRow(result, names);
    }
  } finally {
    await host.powerOff();
  }
} finally {
  await root.stop();
}
if (values.json !== true) process.stdout.write(renderTable(results));
process.exit(results.some((one) => failuresOf(one).length > 0) ? 1 : 0);
