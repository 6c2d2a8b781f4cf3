import { once } from "node:events";
import {
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { unseen } from "../../src/cli/commands/status.ts";
import { commands } from "../../src/cli/commands.ts";
import { runCommandLine } from "../../src/cli/program.ts";
import { auditSentence } from "../../src/events/audit-catalogue.ts";
import { policyText, ScratchHost } from "../agent/scratch-host.ts";
import { needsRoot } from "../support/skip.ts";
import { hearing } from "./hearing.ts";

let host: ScratchHost;
beforeEach((context) => {
  needsRoot(context);
  host = new ScratchHost();
  host.policy("alpha", policyText("r /srv/alpha/**"));
});
afterEach(async () => {
  await host?.remove();
});

async function run(...args: string[]) {
  const { context, ended } = hearing(host.places, 100);
  return ended(await runCommandLine(args, context, commands));
}

test("without an agent commands say how to start it, and status says that none runs", async () => {
  for (const words of [
    ["domain", "list"],
    ["domain", "level", "alpha", "warning"],
    ["domain", "reload"],
  ]) {
    const { status, err } = await run(...words);
    expect(status).toBe(3);
    expect(err).toContain("no agent runs on this host");
    expect(err).toContain("systemctl start cofferdam-agent");
  }
  const { status, out } = await run("status");
  expect(out).toContain("not running");
  expect([0, 1]).toContain(status);
  expect(JSON.parse((await run("status", "--json")).out).agent).toBeNull();
});

test("list shows numbers, levels and what switches live; show has the policy", async () => {
  await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  host.run("alpha", number, "sealed", "enforcing");
  const { out } = await run("domain", "list");
  expect(out).toMatch(/^NUMBER +NAME +LEVEL +ENGINE +MEDIATION +SWITCH +PROCS +EVENTS$/m);
  expect(out).toMatch(/^ +0 +superDom/m);
  expect(out).toMatch(
    new RegExp(`^ +${number} +alpha +enforcing +landlock +sealed +restart +\\d+ +0$`, "m"),
  );
  expect(JSON.parse((await run("domain", "list", "--json")).out).domains).toEqual(
    expect.arrayContaining([expect.objectContaining({ name: "alpha", number })]),
  );
  const shown = await run("domain", "show", "alpha");
  expect(shown.out).toContain("r /srv/alpha/**");
  expect((await run("domain", "show", "nobody")).status).toBe(3);
});

test("level is given, told, reset; sealed processes are named", async () => {
  await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  const sealed = host.run("alpha", number, "sealed", "enforcing");
  const given = await run("domain", "level", "alpha", "warning", "--for", "2h");
  expect(given).toMatchObject({ status: 0, err: "" });
  expect(given.out).toMatch(
    /^alpha: warning, was enforcing, until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(2h left\)$/m,
  );
  expect((await run("domain", "list")).out).toMatch(/ alpha +warning \((2h|1h 59m)\) /);
  expect(given.out).toContain(`process ${sealed.pid} (sleep 1000) keeps the level of its start`);
  expect(host.level(number)).toBe("warning");
  expect((await run("domain", "show", "alpha")).out).toContain("given by root");
  expect((await run("domain", "level", "alpha", "--reset")).status).toBe(0);
  expect(host.level(number)).toBe("enforcing");
  const all = JSON.parse((await run("domain", "level", "--all", "warning", "--json")).out);
  expect(all.changes.length).toBeGreaterThan(1);
  const again = await run("domain", "level", "--all", "warning");
  expect(again.out).toMatch(
    /^alpha: warning\n {2}process \d+ .*\n.*\n\d+ domains were at warning before\n$/,
  );
});

test("an order that leaves a level as it was is told as that, and not as a change", async () => {
  await host.start();
  await run("domain", "level", "alpha", "warning");
  await run("domain", "level", "alpha", "warning", "--for", "2h");
  expect(host.events().map(auditSentence)).toEqual([
    "audit: alpha: level changed from enforcing to warning, by root (user 0)",
    expect.stringMatching(/^audit: alpha: level still warning until \S+, by root \(user 0\)$/),
  ]);
});

test("all domains are disabled only by who agrees", async () => {
  await host.start();
  const all = ["domain", "level", "--all", "disabled"];
  const asked = hearing(host.places);
  const questions: string[] = [];
  const context = (answer: boolean) => ({
    ...asked.context,
    confirm: (question: string) => {
      questions.push(question);
      return Promise.resolve(answer);
    },
  });
  expect(await runCommandLine(all, context(false), commands)).toBe(1);
  expect((await host.ask("GET", "/domains/alpha")).level).toBe("enforcing");
  expect(await runCommandLine(all, context(true), commands)).toBe(0);
  expect((await host.ask("GET", "/domains/alpha")).level).toBe("disabled");
  expect(questions).toHaveLength(2);
  expect((await run(...all, "--yes")).status).toBe(0);
});

test("all given levels are taken back at once, and nothing is told of the others", async () => {
  await host.start();
  await run("domain", "level", "alpha", "warning");
  const { status, out } = await run("domain", "level", "--all", "--reset");
  expect(status).toBe(0);
  expect(out).toBe("alpha: enforcing, was warning\n");
  expect((await host.ask("GET", "/domains/alpha")).level).toBe("enforcing");
  expect(host.events()).toHaveLength(2);
  expect((await run("domain", "level", "--all", "--reset")).out).toContain("no domain was given");
});

test("a file that was never in force is told of: broken, or not reloaded yet", async () => {
  await host.start();
  host.policy("bar", "colour: blue\n");
  for (const words of [
    ["domain", "show", "bar"],
    ["domain", "level", "bar", "warning"],
  ]) {
    const { status, err } = await run(...words);
    expect(err).not.toContain("there is no domain");
    expect(err).toContain("the policy of `bar` is broken");
    expect(err).toContain("cofferdam check bar");
    expect(status).toBe(3);
  }
  host.policy("bar", policyText("r /srv/bar/**"));
  expect((await run("domain", "show", "bar")).err).toContain("cofferdam domain reload bar");
});

test("a name that is nearly one is asked about, and leaves no trace in the log", async () => {
  await host.start();
  for (const words of [
    ["domain", "show", "alpah"],
    ["domain", "level", "alpah", "warning"],
    ["domain", "reload", "alpah"],
  ]) {
    const { status, err } = await run(...words);
    expect(err).toContain("there is no domain `alpah`\n  help: did you mean `alpha`?");
    expect(status).toBe(3);
  }
  expect((await run("domain", "level", "alpha", "warnin")).err).toContain(
    "did you mean `warning`?",
  );
  expect(host.events()).toEqual([]);
});

test.each([
  ["domain", "level"],
  ["domain", "level", "alpha"],
  ["domain", "level", "alpha", "open"],
  ["domain", "level", "alpha", "warning", "more"],
  ["domain", "level", "../alpha", "warning"],
  ["domain", "level", "superDom", "warning"],
  ["domain", "level", "--all", "alpha", "warning"],
  ["domain", "level", "--all", "--reset", "alpha"],
  ["domain", "level", "--all", "disabled"],
  ["domain", "level", "alpha", "--reset", "--for", "1h"],
  ["domain", "level", "alpha", "warning", "--for", "soon"],
  ["domain", "level", "alpha", "warning", "--for", "0s"],
  ["domain", "level", "alpha", "warning", "--for", "99999d"],
  ["domain", "show"],
  ["domain", "show", "a/b"],
  ["domain", "restart", "-x"],
])("`%s %s %s %s %s %s` makes no sense: exit status 2, nothing changed", async (...words) => {
  await host.start();
  const { status, err } = await run(...words.filter((word) => word !== undefined));
  expect(err).not.toBe("");
  expect(status).toBe(2);
  expect((await host.ask("GET", "/domains/alpha")).level).toBe("enforcing");
});

test("reload tells what changed, and a broken file by its lines with exit status 1", async () => {
  await host.start();
  expect((await run("domain", "reload")).out).toMatch(/^nothing changed in \d+ domains$/m);
  host.policy("alpha", policyText("rw /srv/alpha/**"));
  expect((await run("domain", "reload")).out).toMatch(/^alpha \(\d+\): changed$/m);
  host.policy("alpha", "colour: blue\n");
  const broken = await run("domain", "reload", "alpha");
  expect(broken.status).toBe(1);
  expect(broken.out).toContain("its file is broken; the previous policy stays in force");
  expect(broken.out).toContain("alpha.yaml:1:1");
  const status = await run("status");
  expect(status.status).toBe(1);
  expect(status.out).toContain("cofferdam check alpha");
});

test("reload names what a supervised run keeps of its start, and how to restart it", async () => {
  const text = policyText("r /srv/alpha/**");
  host.policy("alpha", `${text}memory: [jit]\n`);
  await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  host.run("alpha", number, "supervised", "enforcing");
  host.policy("alpha", text);
  const { out } = await run("domain", "reload", "alpha");
  expect(out).toMatch(/^alpha \(\d+\): changed; 1 supervised run has the new policy$/m);
  expect(out).toContain("  takes effect only at a restart: memory jit\n");
  expect(out).toContain("    restart it: cofferdam domain restart alpha\n");
});

test("a policy with another suffix is told of, and not just left alone", async () => {
  await host.start();
  const file = join(host.folder, "domains", "web.yml");
  writeFileSync(file, policyText("r /srv/web/**"));
  const { err } = await run("domain", "reload");
  expect(err).toBe(`cofferdam: ${file} is not read: policies end in .yaml\n`);
  const status = (await run("status")).out.replaceAll(/\s+/g, " ");
  expect(status).toContain(`ATTENTION ${file} is not read: policies end in .yaml`);
  expect((await run("check", "web")).out).toContain("CFD1015");
});

test("what Landlock's refusals lack is no trouble where nothing can be refused by Landlock", () => {
  const running = { state: "running", landlock: "auditing is off", programs: null } as const;
  const refusals = { ...running, pid: 1, restarts: 0, capabilities: null };
  expect(unseen(refusals, true)).toEqual([
    "what Landlock refuses is not in the log: auditing is off",
  ]);
  expect(unseen(refusals, false)).toEqual([]);
  expect(unseen({ ...refusals, state: "waiting" }, false)).toHaveLength(1);
});

test("a lost holder is trouble while its daemon lives, and not afterwards", async () => {
  await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  const daemon = host.run("alpha", number, "sealed", "enforcing");
  expect((await run("status")).out).not.toContain("is lost");
  const record = join(host.places.system.runs, String(daemon.pid));
  const words = readlinkSync(record).split(" ");
  rmSync(record);
  // A process id beyond the kernel's largest (PID_MAX_LIMIT): nobody's.
  symlinkSync([...words.slice(0, 5), "4194305", "1", words[7]].join(" "), record);
  const { status, out } = await run("status");
  expect(out).toContain(
    `ATTENTION  the holder of alpha (process ${daemon.pid}) is lost: restart the daemon`,
  );
  expect(status).toBe(1);
  const ended = once(daemon, "close");
  daemon.kill("SIGKILL");
  await ended;
  expect((await run("status")).out).not.toContain("is lost");
});

test("restart without a unit says exactly what to do", async () => {
  await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  expect((await run("domain", "restart", "alpha")).err).toContain("nothing runs in alpha");
  const run1 = host.run("alpha", number, "sealed", "enforcing");
  const { status, err } = await run("domain", "restart", "alpha");
  expect(status).toBe(3);
  expect(err.replaceAll(/\s+/g, " ")).toContain(
    `end process ${run1.pid}, then: cofferdam run alpha -- sleep 1000`,
  );
  const ended = once(run1, "close");
  run1.kill("SIGKILL");
  await ended;
  const gone = (await run("domain", "restart", "alpha")).err.replaceAll(/\s+/g, " ");
  expect(gone).toContain(
    "end the processes of alpha in `cofferdam ps`, as the first one of a run has ended",
  );
  expect(gone).toContain("then: cofferdam run alpha -- COMMAND");
  expect(gone).not.toContain(`${run1.pid}`);
});

test("the units name this installation, printed and written", async () => {
  const { out } = await run("agent", "--print-units");
  expect(out).toContain(`ExecStart=${host.places.home}/bin/cofferdam agent`);
  expect(out).toContain("ListenStream=/run/cofferdam/control.sock");
  const folder = join(host.folder, "units");
  const written = await run("agent", "--write-units", folder);
  expect(written.out).toBe(
    `${folder}/cofferdam-agent.service\n${folder}/cofferdam-agent.socket\nnow: systemctl ` +
      `daemon-reload && systemctl enable --now cofferdam-agent\n`,
  );
  const [service = "", socket = ""] = readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8"));
  expect(service).toContain(`ExecStart=${host.places.home}/bin/cofferdam agent $AGENT_OPTIONS\n`);
  expect(socket).toContain("ListenStream=/run/cofferdam/control.sock\n");
});
