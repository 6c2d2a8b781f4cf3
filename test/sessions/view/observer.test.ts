import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { failedEvent } from "../../../src/events/audit-event.ts";
import { denial } from "../../../src/events/doc/sample.ts";
import { stamp } from "../../../src/events/identity.ts";
import { places } from "../../../src/host/places.ts";
import { findCgroup2 } from "../../../src/kernel/probe/caller.ts";
import { Observer, READING_SHARED_MS } from "../../../src/sessions/view/observer.ts";
import type { Reading } from "../../../src/sessions/view/reading.ts";
import { policyText, ScratchHost } from "../../agent/scratch-host.ts";
import { Domain, front } from "../../properties/domain.ts";
import { users } from "../../properties/users.ts";
import { needsRoot } from "../../support/skip.ts";

const freshAgain = () => new Promise((resolve) => setTimeout(resolve, READING_SHARED_MS));

describe.each(users)("for $who", ({ uid }) => {
  const name = `top-${process.pid}-${uid}`;
  let scene: Domain;
  let child: ChildProcess;
  let pids: readonly number[];

  beforeAll(async () => {
    scene = new Domain(uid);
    scene.writePolicy({ files: ["rx /usr/bin/dash /usr/bin/sleep /usr/bin/cat"] });
    scene.write(`home/policies/${name}.yaml`, readFileSync(scene.policy, "utf8"));
    const busy = "while :; do :; done & sleep 1000 & echo $$ $!; exec cat";
    const become =
      uid === process.getuid?.()
        ? []
        : ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
    const policy = scene.at(`home/policies/${name}.yaml`);
    const [program = "", ...args] = [
      ...become,
      front,
      "run",
      "--policy",
      policy,
      "--",
      "/bin/sh",
      "-c",
      busy,
    ];
    const env = { PATH: process.env.PATH, HOME: scene.home };
    child = spawn(program, args, { env, cwd: "/", stdio: ["pipe", "pipe", "inherit"] });
    const [line] = await once(child.stdout as NodeJS.ReadableStream, "data");
    const [first = 0, last = 0] = String(line).trim().split(" ").map(Number);
    pids = Array.from({ length: last - first + 1 }, (_, at) => first + at).filter((pid) =>
      isOfRun(pid, first),
    );
  });
  afterAll(async () => {
    const closed = once(child, "close");
    for (const pid of pids) process.kill(pid, "SIGKILL");
    await closed;
    scene.close();
  });

  /** The daemon and its children. */
  function isOfRun(pid: number, daemon: number): boolean {
    return pid === daemon || new RegExp(`\\) \\S ${daemon} `).test(statOf(pid));
  }

  function observer(): Observer {
    return new Observer(places({ uid, env: { HOME: scene.home }, home: join(front, "../..") }));
  }

  function rowOf({ domains }: Reading) {
    const row = domains.find((one) => one.name === name);
    if (row === undefined)
      throw new Error(`${name} is not among ${domains.map((one) => one.name)}`);
    return row;
  }

  test("processes, memory and descriptors are those of /proc", async () => {
    const row = rowOf(await observer().read());
    expect(pids).toHaveLength(3);
    expect(row).toMatchObject({ number: null, level: "enforcing", mode: "sealed", processes: 3 });
    const open = pids.map((pid) => readdirSync(`/proc/${pid}/fd`).length);
    expect(row.descriptors).toBe(open.reduce((sum, one) => sum + one, 0));
    const pages = pids.map((pid) =>
      Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]),
    );
    expect(row.resident).toBe(pages.reduce((sum, one) => sum + one, 0) * 4_096);
  });

  test("CPU time is what the control group says, for a user what /proc says", async () => {
    const used = uid === 0 ? groupTime : processTime;
    const view = observer();
    const outer = used();
    const first = rowOf(await view.read());
    const inner = used();
    await freshAgain();
    const innerEnd = used();
    const last = rowOf(await view.read());
    const outerEnd = used();
    expect(last.cpu - first.cpu).toBeGreaterThanOrEqual(innerEnd - inner);
    expect(last.cpu - first.cpu).toBeLessThanOrEqual(outerEnd - outer);
    expect(last.cpu).toBeGreaterThan(first.cpu);
  });

  /** Microseconds. */
  function groupTime(): number {
    const folder = join(
      findCgroup2(readFileSync("/proc/self/mountinfo", "utf8")) ?? "",
      "cofferdam",
    );
    const anchors = readdirSync(folder).filter((one) => one.startsWith(`${name}.`));
    const texts = anchors.map((anchor) => readFileSync(join(folder, anchor, "cpu.stat"), "utf8"));
    return texts.reduce((sum, text) => sum + Number(/^usage_usec (\d+)/.exec(text)?.[1]), 0);
  }

  function processTime(): number {
    const ticks = pids.map(
      (pid) => statOf(pid).split(") ")[1]?.split(" ").slice(11, 13).map(Number) ?? [],
    );
    return ticks.flat().reduce((sum, one) => sum + one, 0) * 10_000;
  }

  test("superDom has this process, and none of the domain's", async () => {
    const { domains } = await observer().read();
    expect(domains[0]).toMatchObject({ name: "superDom", number: 0, level: null });
    expect(domains[0]?.processes).toBeGreaterThan(0);
  });

  test("a viewer who asks soon shares a reading, one who asks later does not", async () => {
    const view = observer();
    const [one, two] = await Promise.all([view.read(), view.read()]);
    expect(two).toBe(one);
    await freshAgain();
    expect(await view.read()).not.toBe(one);
  });

  test("without an agent it says so, and counts no events", async () => {
    const { agent, domains } = await new Observer(scratchPlaces()).read();
    expect(agent).toBe("no agent runs");
    expect(domains.filter(({ events }) => events !== null)).toEqual([]);
  });

  function scratchPlaces() {
    const own = places({ uid, env: { HOME: scene.home }, home: join(front, "../..") });
    return { ...own, system: { ...own.system, control: join(scene.folder, "nobody.sock") } };
  }
});

describe("with an agent", () => {
  let host: ScratchHost | null = null;
  afterEach(async () => {
    await host?.remove();
    host = null;
  });

  test("500 domains without processes are shown with numbers and levels", async (context) => {
    needsRoot(context);
    host = new ScratchHost();
    for (let at = 0; at < 500; at++)
      host.policy(`d${String(at).padStart(3, "0")}`, policyText("r /srv/**"));
    const agent = await host.start();
    agent.tell({ ...denial, ...stamp(), domain: "d042", count: 3 });
    agent.tell({ ...denial, ...stamp(), domain: "from-elsewhere", count: 4 });
    agent.tell(failedEvent({ domain: "d042", number: 1, level: "enforcing" }, "test", "no denial"));
    const places = host.places;
    const read = async () =>
      (await new Observer(places).read()).domains.find(({ name }) => name === "d042");
    await expect.poll(async () => (await read())?.events).toBe(3);
    const { agent: why, domains, events: counted } = await new Observer(places).read();
    expect(why).toBeNull();
    // What \`cofferdam status\` says, too: of a domain that is not listed as well.
    const { denied, warned } = (await host.ask("GET", "/status")).events.today;
    expect([counted, denied + warned]).toEqual([7, 7]);
    const ours = domains.filter(({ name }) => /^d\d{3}$/.test(name));
    expect(ours).toHaveLength(500);
    expect(new Set(ours.map(({ number }) => number)).size).toBe(500);
    expect(
      ours.every(
        ({ processes, level, events }) =>
          processes === 0 && level === "enforcing" && events !== null,
      ),
    ).toBe(true);
    expect(domains.map(({ number }) => number ?? 1e9)).toEqual(
      domains.map(({ number }) => number ?? 1e9).sort((a, b) => a - b),
    );
  });
});

function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}
