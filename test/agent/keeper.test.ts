import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Keeper } from "../../src/agent/keeper.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder: string;
let keepers: Keeper[];
beforeEach(() => {
  folder = scratchFolder("keeper");
  keepers = [];
});
afterEach(() => {
  for (const keeper of keepers) keeper.stop();
  const last = pidNow();
  if (last !== null) kill(last);
  rmSync(folder, { recursive: true });
});

function keeper(script = `exec python3 ${holder()}`, isAnother?: () => void): Keeper {
  const path = join(folder, "mediator.sh");
  writeFileSync(path, script);
  const told = (count: number, why: string): void =>
    writeFileSync(join(folder, "told"), `${count} ${why}`);
  const one = new Keeper(
    { program: "/bin/sh", arguments: [path, "shared"] },
    join(folder, "lock"),
    told,
    isAnother,
  );
  keepers.push(one);
  return one;
}

/** A program that holds the lock as the mediator does, and then writes its process id. */
function holder(): string {
  const path = join(folder, "holder.py");
  const program = `import fcntl, os, time
lock = open("${folder}/lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
with open("${folder}/pid.new", "w") as new: new.write(str(os.getpid()))
os.rename("${folder}/pid.new", "${folder}/pid")
while True: time.sleep(1000)`;
  writeFileSync(path, program);
  return path;
}

function pidNow(): number | null {
  return existsSync(join(folder, "pid")) ? Number(readFileSync(join(folder, "pid"), "utf8")) : null;
}

function kill(pid: number): void {
  if (existsSync(`/proc/${pid}`)) process.kill(pid, "SIGKILL");
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("a mediator that ends is restarted and counted, after growing pauses", async () => {
  const one = keeper(`echo x >> ${folder}/starts`);
  one.start();
  await until(() => one.state.restarts >= 3);
  expect(readFileSync(join(folder, "told"), "utf8")).toMatch(/^\d+ exit status 0$/);
  expect(readFileSync(join(folder, "starts"), "utf8").length).toBeGreaterThanOrEqual(6);
});

test("what makes the folder of its lock itself is started where there is none yet", async () => {
  const path = join(folder, "run", "lock");
  const told: string[] = [];
  const one = new Keeper(
    { program: "/bin/mkdir", arguments: [join(folder, "run")] },
    path,
    (_n, why) => told.push(why),
  );
  keepers.push(one);
  one.start();
  await until(() => told.length > 0);
  expect(told[0]).toBe("exit status 0");
});

test("a mediator outlives its agent, and the next agent takes it over", async () => {
  const first = keeper();
  first.start();
  await until(() => pidNow() !== null);
  const pid = pidNow();
  const waiting = keeper();
  first.stop();
  waiting.start();
  expect(waiting.state).toMatchObject({ state: "running", restarts: 0 });
  expect(pidNow()).toBe(pid);
  kill(pid ?? 0);
  await until(() => waiting.state.restarts >= 1 && waiting.state.pid === pidNow());
});

test("each process that runs the program is told of, once", async () => {
  const told: (number | null)[] = [];
  const one: Keeper = keeper(undefined, () => told.push(one.state.pid));
  one.start();
  await until(() => pidNow() !== null);
  const pid = pidNow();
  kill(pid ?? 0);
  await until(() => one.state.restarts >= 1 && one.state.pid === pidNow());
  expect(told[0]).toBe(pid);
  expect(told.at(-1)).toBe(one.state.pid);
  expect(new Set(told).size).toBe(told.length);
});

test("a missing program is reported and tried again", async () => {
  const tells: string[] = [];
  const one = new Keeper(
    { program: join(folder, "nothing"), arguments: [] },
    join(folder, "lock"),
    (_n, why) => tells.push(why),
  );
  keepers.push(one);
  one.start();
  await until(() => tells.length >= 2);
  expect(tells[0]).toContain("ENOENT");
});

test("one that releases its lock and keeps working gets a successor beside it", async () => {
  const program = `import fcntl, os, signal, sys, time
lock = open("${folder}/lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX)
signal.signal(signal.SIGTERM, lambda *_: fcntl.flock(lock, fcntl.LOCK_UN))
with open("${folder}/starts", "a") as starts: starts.write(f"{os.getpid()}\\n")
while True: time.sleep(1000)`;
  writeFileSync(join(folder, "kept.py"), program);
  const starts = () =>
    existsSync(join(folder, "starts"))
      ? readFileSync(join(folder, "starts"), "utf8").split("\n").filter(Boolean).map(Number)
      : [];
  const one = keeper(`exec python3 ${folder}/kept.py`);
  one.start();
  try {
    await until(() => starts().length === 1);
    // To be seen holding it.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    process.kill(starts()[0] ?? 0, "SIGTERM");
    await until(() => starts().length === 2);
    expect(readFileSync(join(folder, "told"), "utf8")).toBe(
      "1 another process holds its lock, or none does",
    );
    expect(existsSync(`/proc/${starts()[0]}`)).toBe(true);
    expect(one.state.pid).toBe(starts()[1]);
  } finally {
    one.stop();
    for (const pid of starts()) kill(pid);
  }
});
