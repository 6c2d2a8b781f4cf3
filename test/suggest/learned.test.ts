import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PUBLIC_FOLDER } from "../../src/base/modes.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";

let host: PrivateHost;
beforeEach(async (context) => {
  needsRoot(context);
  host = await PrivateHost.start();
});
afterEach(async () => await host?.close());

/** What many daemons do: state by a temporary file, a file of the process id, a log of the day. */
const work = `set -e
cd "$1"
mkdir -p state
new=$(mktemp state/new.XXXXXXXXXX)
echo 1 >"$new"
mv "$new" state/current
read line <state/current
echo $$ >"run-$$.pid"
rm "run-$$.pid"
echo work >>"log-$(date +%Y-%m-%d)"
cat settings /etc/hostname
`;

test("what a program did at warning, it does at enforcing once its lines are written", () => {
  const folder = scratchFolder("learned", { mode: PUBLIC_FOLDER });
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "data/settings"), "");
  const script = join(folder, "work.sh");
  writeFileSync(script, work);
  const policy = host.at("etc/domains/learner.yaml");
  const text = `summary: a test
level: warning
mediation: supervised
include: [base]
files:
  - rx /usr/bin/dash # the shell
inherit: [stdio, stdio-sockets]
syscalls: ["@system-service"]
`;
  host.policy("learner", text);
  const run = () =>
    host.cofferdam("run", "learner", "--", "/usr/bin/dash", script, join(folder, "data"));
  run();
  const { lines, dangerous } = JSON.parse(
    host.cofferdam("suggest", "learner", "--write", "--json"),
  );
  expect(dangerous).toEqual([]);
  expect(lines.length).toBeGreaterThan(5);
  const written = readFileSync(policy, "utf8");
  expect(written).toContain("  - rx /usr/bin/dash # the shell\n");
  expect(written).toContain(`${folder}/data/run-[0-9]*.pid\n`);
  host.policy("learner", written.replace("level: warning", "level: enforcing"));
  const before = host.events().length;
  run();
  run();
  const after = host.events().slice(before);
  expect(after.filter(({ verdict }) => verdict === "denied")).toEqual([]);
  // Without the lines it fails.
  host.policy("learner", text.replace("level: warning", "level: enforcing"));
  expect(run).toThrow("Permission denied");
});
