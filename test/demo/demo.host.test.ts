import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { findCgroup2 } from "../../src/kernel/probe/caller.ts";
import { root } from "../house/tree.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";

/**
 * The whole showing, set-up done, in milliseconds: it takes seconds, and a slow machine may take
 * ten times as long.
 */
const DEMO_MS = 300_000;
const NOBODY = 65_534;
const POLL_MS = 50;
const bundle = join(root, "dist", "demo.js");

function show(
  uid: number | null,
  wrap: readonly string[] = [],
): { readonly status: number | null; readonly text: string } {
  const home = scratchFolder("demo-home");
  try {
    if (uid !== null) spawnSync("chown", [String(uid), home]);
    const [program = "", ...args] = [...wrap, process.execPath, bundle];
    const result = spawnSync(program, args, {
      encoding: "utf8",
      timeout: DEMO_MS,
      cwd: "/",
      env: { PATH: process.env.PATH ?? "", HOME: home },
      ...(uid === null ? {} : { uid, gid: uid }),
    });
    return { status: result.status, text: `${result.stdout}${result.stderr}` };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The part below a title. */
function part(text: string, title: string): string {
  return text.split(`\n${title}\n`)[1]?.split(/\n\n.*\n-+\n/)[0] ?? "";
}

const tooWide = (text: string) => text.split("\n").filter((line) => line.length > 80);
const stolen = "the database password is hunter2";

test("as root the level is switched while the server runs, and every access is told of", {
  timeout: DEMO_MS,
}, (context) => {
  needsRoot(context);
  const { status, text } = show(null);
  expect(text).toContain("As it should be");
  const warning = part(text, "In its domain, at level warning");
  expect(warning).toContain(stolen);
  expect(warning.match(/warning:\s+no grant names it/g)).toHaveLength(3);
  expect(warning.match(/allow it with: files: - (r|c|rx) /g)).toHaveLength(3);
  const held = part(text, "Switched to enforcing, while it runs");
  expect(held).not.toContain(stolen);
  expect(held).toContain("1 supervised run follows at once");
  expect(held.match(/allow it with: files: - (r|c|rx) /g)).toHaveLength(3);
  expect(part(text, "And back")).toContain(stolen);
  const still = [...text.matchAll(/Still process (\d+):/g)].map(([, pid]) => pid);
  expect(still).toEqual([still[0], still[0]]);
  const sealed = part(text, "In its domain, at level enforcing from the start");
  expect(sealed).not.toContain(stolen);
  expect(sealed.match(/allow it with: files: - (r|c|rx) /g)).toHaveLength(3);
  expect(tooWide(text)).toEqual([]);
  expect(status).toBe(0);
});

test("as root it leaves the host's own state alone, and nothing running", {
  timeout: DEMO_MS,
}, async (context) => {
  needsRoot(context);
  const before = stateOfHost();
  show(null);
  expect(stateOfHost()).toEqual(before);
  // What it ends it does not wait for.
  while (inItsHost().length > 0) await sleep(POLL_MS);
});

test("interrupted in the middle it leaves nothing running either", {
  timeout: DEMO_MS,
}, async (context) => {
  needsRoot(context);
  const demo = spawn(process.execPath, [bundle], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const over = once(demo, "close");
  let text = "";
  demo.stdout.on("data", (more) => {
    text += more;
  });
  while (!text.includes("while it runs") && demo.exitCode === null) await sleep(POLL_MS);
  expect(text).toContain("while it runs");
  // As the terminal does it: to the whole process group.
  process.kill(-(demo.pid ?? 0), "SIGINT");
  await over;
  while (inItsHost().length > 0) await sleep(POLL_MS);
});

test("as root that may not mount there is no agent, and that is said", {
  timeout: DEMO_MS,
}, (context) => {
  needsRoot(context);
  const { status, text } = show(null, [
    "setpriv",
    "--bounding-set=-sys_admin",
    "--inh-caps=-sys_admin",
  ]);
  expect(part(text, "In its domain, at level warning")).toContain(
    "these lines in its policy would allow",
  );
  expect(text.replaceAll(/\s+/g, " ")).toContain("For that root must be able to mount.");
  expect(status).toBe(0);
});

test("for an ordinary user the run ends with a summary and names what is not shown", {
  timeout: DEMO_MS,
}, () => {
  const { status, text } = show(process.getuid?.() === 0 ? NOBODY : null);
  expect(text).toContain("As it should be");
  const warning = part(text, "In its domain, at level warning");
  expect(warning).toContain(stolen);
  expect(warning).toMatch(
    /cofferdam: web: \d+ accesses outside the domain\n {2}these lines in its policy would allow /,
  );
  expect(warning.match(/^ {2}- (r|c|rx) \//gm)).toHaveLength(3);
  const sealed = part(text, "In its domain, at level enforcing from the start");
  expect(sealed).not.toContain(stolen);
  expect(sealed.match(/allow it with: files: - c /g)).toHaveLength(1);
  expect(sealed.match(/tells only root about it: no event/g)).toHaveLength(2);
  expect(text).toContain("Not shown here: an agent");
  expect(tooWide(text)).toEqual([]);
  expect(status).toBe(0);
});

/** What an agent and starts in the demonstration's domain would change. */
function stateOfHost(): unknown {
  const agents = ["control.sock", "agent.lock", "table", "mediator.lock"];
  const plans = "/run/cofferdam/plans";
  const numbers = "/var/lib/cofferdam/numbers.json";
  const groups = join(
    findCgroup2(readFileSync("/proc/self/mountinfo", "utf8")) ?? "/nowhere",
    "cofferdam",
  );
  return {
    groups: existsSync(groups) ? readdirSync(groups).filter((name) => name.startsWith("web.")) : [],
    agent: agents.filter((name) => existsSync(join("/run/cofferdam", name))),
    plans: existsSync(plans) ? readdirSync(plans).filter((name) => name.startsWith("web-")) : [],
    configuration: existsSync("/etc/cofferdam") ? readdirSync("/etc/cofferdam") : null,
    numbers: existsSync(numbers) ? readFileSync(numbers, "utf8") : null,
  };
}

/** Processes in a mount namespace of the demonstration's. */
function inItsHost(): readonly string[] {
  return readdirSync("/proc").filter(
    (pid) => /^\d+$/.test(pid) && mountsOf(pid).includes(" cofferdam-demo "),
  );
}

function mountsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}
