import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { PUBLIC_FOLDER } from "../../src/base/modes.ts";
import { startStep } from "../../src/cli/commands/protect.ts";
import { type Places, systemPlaces } from "../../src/host/places.ts";
import { collect, headOf } from "../../src/protect/collect.ts";
import { seenOf, withChildren } from "../../src/protect/of-process.ts";
import { subjectOf } from "../../src/protect/subject.ts";
import { scratchFolder } from "../support/scratch.ts";
import { skipUnless } from "../support/skip.ts";

const folder = scratchFolder("hostile-process", { mode: PUBLIC_FOLDER });
const root = { asRoot: true, system: systemPlaces() } as Places;
const python = "/usr/bin/python3";
let child: ChildProcess;
afterEach(async () => {
  const closed = once(child, "close");
  child.stdin?.end();
  await closed;
});

/** The process says when it is ready, and waits until its input ends. */
async function running(program: string, ...words: readonly string[]): Promise<number> {
  child = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout ?? child, "data");
  return child.pid ?? 0;
}

test("a program in memory is not taken for the host's program whose name it has", async () => {
  const script = `
import os
file = os.memfd_create("x/../../usr/bin/dash", 0)
os.write(file, open("/usr/bin/cat", "rb").read())
os.write(1, b"ready")
os.execve(file, ["dash", "-"], {})
`;
  const pid = await running(python, "-c", script);
  await expect.poll(() => refusalOf(pid)).toMatch(/runs a program without a name of this host/);
});

function refusalOf(pid: number): string {
  try {
    return `taken for ${subjectOf([String(pid)], root, "/").name}`;
  } catch (error) {
    return String(error);
  }
}

test("the arguments of a process bring no lines of a package, and no program", async (context) => {
  const other = "/usr/sbin/mosquitto";
  skipUnless(context, existsSync(other), "there is no mosquitto, which set-up installs");
  const waiting = `import sys; print("ready", flush=True); sys.stdin.read()`;
  const pid = await running(python, "-c", waiting, other);
  const subject = subjectOf([String(pid)], root, "/");
  const [first] = subject.started;
  // As a process writes them over its own.
  const forged = { ...subject, started: first ? [{ ...first, words: [other] }] : [] };
  const lines = collect(forged).evidence.filter(({ doubt }) => doubt === undefined);
  expect(lines.filter(({ line }) => line.includes("mosquitto"))).toEqual([]);
  const { line, what } = startStep(forged, "cofferdam run web");
  expect(line).toMatch(/^cofferdam run web -- \/usr\/bin\/python3\S* \/usr\/sbin\/mosquitto$/);
  expect(what).toContain("true or not");
  // Other processes of an interpreter are not the domain's, whatever this one shows.
  const shown = { ...subject, started: first ? [{ ...first, words: [] }] : [] };
  expect(headOf("web", shown).entries).toEqual([]);
});

test("names that are files of another tree are none of this host", async (context) => {
  const userns = ["--user", "--map-root-user", "--mount"];
  const isPossible = spawnSync("unshare", [...userns, "true"]).status === 0;
  skipUnless(context, isPossible, "this user may not make user namespaces");
  const script = `
mount -t tmpfs none ${folder}; exec 5>${join(folder, "forged")}
echo ready; read line`;
  const pid = await running("unshare", ...userns, "/bin/bash", "-c", script);
  const names = (pids: readonly number[]) =>
    seenOf(pids, "").needs.flatMap(({ request }) => (request.class === "name" ? request.path : []));
  expect(names(withChildren(pid))).toEqual([]);
  // As the child of a process with the host's names.
  expect(names([process.pid, ...withChildren(pid)])).not.toContain(join(folder, "forged"));
  expect(refusalOf(pid)).toMatch(/has another tree of files/);
  // The number of a child that has ended is soon another process's.
  const ofOther = names([process.pid]);
  expect(ofOther).not.toEqual([]);
  expect(names([pid, process.pid])).toEqual([]);
});
