import { execFileSync } from "node:child_process";
import { rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { needsRoot } from "../support/skip.ts";
import { Front } from "./front.ts";

const front = new Front();
afterAll(() => front.close());

test("every command but run goes to Node, without variables that change Node", () => {
  const result = front.run("self", ["check", "a b", "--json"], {
    wrapper: ["env", "NODE_OPTIONS=--x", "LD_PRELOAD=", "KEPT=1"],
  });
  expect(result.stdout).toBe(
    "command line: check a b --json\nNODE_OPTIONS=(null) LD_PRELOAD=(null) KEPT=1\n",
  );
  expect(result.status).toBe(42);
  expect(front.run("self", []).stdout).toContain("command line:\n");
  expect(front.run("self", ["run", "--help"]).stdout).toContain("command line: run --help\n");
});

const mistakes: readonly (readonly [string[], RegExp])[] = [
  [["run", "--policy"], /--policy.*\n.*needs a value/],
  [["run", "--colour", "x", "--", "true"], /--colour.*\n.*no such option/],
  [["run", "--", "true"], /name a DOMAIN or a --policy FILE/],
  [["run", "d", "--colour", "true"], /--colour.*\n.*no such option/],
  [["run", "d", "--policy", "/tmp/p.yaml", "--", "true"], /a DOMAIN or a --policy FILE, not both/],
  [["run", "--level"], /--level.*\n.*needs a value/],
  [["run", "d"], /there is no command to run/],
  [["run", "d", "--"], /there is no command to run/],
  [["run", "../d", "true"], /read the domain's name: \.\.\/d/],
  [["run", "-d", "true"], /no such option/],
  [["run", "a/b", "true"], /read the domain's name/],
  [["run", "--policy", "/tmp/.yaml", "--", "true"], /read the domain's name/],
];

test.each(mistakes)("%j is refused with what to do", (args, message) => {
  const result = front.run("self", args);
  expect(result.stderr).toMatch(message);
  expect(result.status).toBe(125);
});

test("under another name everything is another command line's, run too", () => {
  const link = join(front.work, "secpolicytools");
  symlinkSync(front.binary, link);
  const run = (...args: string[]) => front.runWith([link, ...args], 42);
  expect(run("-d")).toContain("command line: --as=secpolicytools -d\n");
  expect(run("run", "d", "true")).toContain("command line: --as=secpolicytools run d true\n");
  expect(run()).toContain("command line: --as=secpolicytools\n");
});

test("a plan is found by everything that chose it", () => {
  const domain = front.domain();
  const plan = { ...front.plan(), domain };
  const policy = join(front.work, `${domain}.yaml`);
  const choices: readonly (readonly [string[], string[]])[] = [
    [[domain], [domain, ""]],
    [
      ["--set", "a=1", "--set=b=2", domain],
      [domain, "", "--set", "a=1", "--set", "b=2"],
    ],
    [
      ["--set", "a=1", domain, "--set", "b=2"],
      [domain, "", "--set", "a=1", "--set", "b=2"],
    ],
    [
      ["--policy", policy],
      [domain, policy],
    ],
    [
      ["--level", "warning", "--set", "a=1", domain],
      [domain, "", "--level", "warning", "--set", "a=1"],
    ],
    [
      ["--set", "level=warning", domain],
      [domain, "", "--set", "level=warning"],
    ],
    [[`--policy=${domain}.yaml`], [domain, policy]],
  ];
  for (const [args, choice] of choices) {
    front.next(front.bytes(plan, "self", choice));
    const path = front.planPath(domain, "self", choice);
    front.put(plan);
    rmSync(path, { force: true });
    const result = front.run("self", ["run", ...args, "--", "echo", "ran"]);
    expect(result.stdout, result.stderr).toBe("ran\n");
    expect(statSync(path).isFile()).toBe(true);
    rmSync(path);
    const given = front.takeLog("compile.log").filter((line) => line.startsWith("argument"));
    const words = [...(choice[1] === "" ? [domain] : ["--policy", policy]), ...choice.slice(2)];
    const start = front.start("self", choice);
    expect(given).toEqual(
      ["compile", "--out", path, "--into", "3", "--for", start, ...words].map(
        (word) => `argument ${word}`,
      ),
    );
  }
});

test("behind `--` everything is the command's, and behind the command too", () => {
  const plan = front.plan();
  front.put(plan);
  expect(front.run("self", ["run", plan.domain, "--", "--set"]).stderr).toMatch(
    /find the command: --set/,
  );
  expect(front.run("self", ["run", plan.domain, "echo", "--set", "--", "a"]).stdout).toBe(
    "--set -- a\n",
  );
});

test("a user's plan is not found where other policies or another log would apply", (context) => {
  needsRoot(context);
  const plan = front.plan();
  front.put(plan, "nobody");
  front.next(null);
  const run = (...variables: string[]) =>
    front.run("nobody", ["run", plan.domain, "/bin/true"], { wrapper: ["env", ...variables] })
      .status;
  expect(run()).toBe(0);
  expect(run(`XDG_CONFIG_HOME=${front.work}/.config`)).toBe(0);
  expect(run(`XDG_CONFIG_HOME=${front.work}/other`)).toBe(125);
  expect(run(`XDG_STATE_HOME=${front.work}/other`)).toBe(125);
  expect(run(`HOME=${front.folder}`)).toBe(125);
});

test("--events: the collector is ready before the daemon runs, and ends after it", () => {
  front.setDist("mediator.rule", "deny");
  const plan = front.plan();
  const path = front.put(plan);
  const script = 'cofferdam="$1"; shift; "$cofferdam" "$@" | cat';
  const text = execFileSync(
    "env",
    [
      ...front.environment("self"),
      "sh",
      "-c",
      script,
      "sh",
      front.binary,
      "run",
      "--events",
      "-",
      plan.domain,
      "--",
      "sh",
      "-c",
      "echo daemon; mkdir made 2>/dev/null; true",
    ],
    { encoding: "utf8", cwd: front.work },
  );
  expect(text).toMatch(
    new RegExp(
      `^collector ${plan.domain} ${path}\ndaemon\n` +
        '\\{"test":"native","pid":\\d+\\}\ncollector ends\n$',
    ),
  );
});

test("a collector that does not come up stops the start", () => {
  const plan = front.plan();
  front.put(plan);
  front.setDist("collector.broken", "");
  const result = front.run("self", ["run", "--events", "-", plan.domain, "--", "echo", "ran"]);
  rmSync(join(front.dist, "collector.broken"));
  expect(result.stderr).toMatch(/start the collector of events/);
  expect([result.status, result.stdout]).toEqual([125, ""]);
});
