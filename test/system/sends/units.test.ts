import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { expect, test } from "vitest";
import { withDirectory } from "../../../src/compile/cgroup/directory.ts";
import { anchorsFolder } from "../../../src/domains/cgroup-path.ts";
import { listRuns } from "../../../src/domains/runs.ts";
import { attachedIds } from "../../../src/kernel/bpf/attach.ts";
import { attachTypes } from "../../../src/kernel/bpf/attach-types.ts";
import {
  binary,
  DOMAIN,
  give,
  host,
  passing,
  policy,
  policyOf,
  Sender,
  TIMEOUT_MS,
  told,
  withoutAgent,
  withSenderHost,
} from "./sender-host.ts";

withSenderHost();

const NOBODY = 65_534;

/** A unit's control group, as systemd makes one, for as long as `work` takes. */
async function withUnit(
  work: (unit: string) => Promise<void>,
  kind: "socket" | "service" = "socket",
): Promise<void> {
  const unit = path.join(cgroup2(), `sends-test-${process.pid}.${kind}`);
  fs.mkdirSync(unit);
  try {
    await work(unit);
  } finally {
    fs.rmdirSync(unit);
  }
}

function cgroup2(): string {
  const folder = anchorsFolder();
  if (folder === null) throw new Error("no control groups version 2");
  return path.dirname(folder);
}

const judging = [
  ...(["connect4", "connect6", "sendmsg4", "sendmsg6", "recvmsg4", "recvmsg6"] as const),
  ...(["bind4", "bind6"] as const),
];

/** How many programs are attached to this very group, on each hook by which sockets are judged. */
function attachedTo(group: string): number[] {
  return withDirectory(group, (fd) => judging.map((at) => attachedIds(fd, attachTypes[at]).length));
}

async function untilNothingIsAttached(group: string): Promise<void> {
  await expect.poll(() => attachedTo(group)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
}

/** As its record says: `src/domains/run-record.ts`. */
function holderOf(daemon: number): number {
  const run = listRuns(host.at("run/runs")).find(({ pid }) => pid === daemon);
  if (run === undefined) throw new Error("no such run");
  return run.holder;
}

test("internet sockets of a socket unit are judged in its control group, by what counts now", {
  timeout: TIMEOUT_MS,
}, async () => {
  await withUnit(async (unit) => {
    const begun = host.events().length;
    const daemon = new Sender({ sockets: ["udp", "tcp", "unix", "tcp-listen"], madeIn: unit });
    expect(await daemon.ask("through 3 127.0.0.2 47041")).toBe("OK");
    expect(await daemon.ask("through 4 127.0.0.2 47042")).toBe("ECONNREFUSED");
    expect(daemon.isAsked).toBe(false);
    expect(attachedTo(unit)).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
    const objects = ["warning udp 127.0.0.2:47041", "warning tcp 127.0.0.2:47042"];
    const warned = await told(begun, ...objects);
    for (const object of objects) expect(warned.get(object)).toBe(1);
    await give("enforcing");
    expect(await daemon.ask("through 3 127.0.0.2 47041")).toBe("EACCES");
    expect(await daemon.ask("through 4 127.0.0.2 47042")).toBe("EACCES");
    expect(await daemon.ask("through 6 127.0.0.2 47042")).toBe("EACCES");
    expect(await daemon.ask("through 3 127.0.0.1 47001")).toBe("OK");
    // Beside it: from now on they share what is attached.
    const second = new Sender({ sockets: ["udp"], madeIn: unit });
    expect(await second.ask("through 3 127.0.0.2 47041")).toBe("EACCES");
    expect(second.isAsked).toBe(false);
    policy("connect udp 127.0.0.2:47041");
    await host.ask("POST", `/domains/${DOMAIN}/reload`);
    expect(await daemon.ask("through 3 127.0.0.2 47041")).toBe("OK");
    expect(await daemon.ask("through 3 127.0.0.1 47001")).toBe("EACCES");
    await daemon.end();
    expect(await second.ask("through 3 127.0.0.1 47001")).toBe("EACCES");
    expect(await second.ask("through 3 127.0.0.2 47041")).toBe("OK");
    await second.end();
    await untilNothingIsAttached(unit);
  });
});

test("what else a socket unit's control group may be: then each call is asked about", {
  timeout: TIMEOUT_MS,
}, async () => {
  await give("enforcing");
  const isAsked = async (unit: string): Promise<boolean> => {
    const before = attachedTo(unit);
    const daemon = new Sender({ sockets: ["udp"], madeIn: unit });
    expect(await daemon.ask("through 3 127.0.0.2 47051")).toBe("EACCES");
    expect(await daemon.ask("through 3 127.0.0.1 47001")).toBe("OK");
    const asked = daemon.isAsked;
    if (asked) expect(attachedTo(unit)).toEqual(before);
    await daemon.end();
    return asked;
  };
  await withUnit(async (unit) => {
    expect(await isAsked(unit)).toBe(false);
    const others = new Sender({ run: ["--level", "warning"], sockets: ["udp"], madeIn: unit });
    expect(await others.ask("through 3 127.0.0.2 47052")).toBe("OK");
    expect(others.isAsked).toBe(false);
    // Another domain's programs, as far as the anchors go.
    expect(await isAsked(unit)).toBe(true);
    await others.end();
    await untilNothingIsAttached(unit);
    fs.mkdirSync(`${unit}/below`);
    expect(await isAsked(unit)).toBe(true);
    fs.rmdirSync(`${unit}/below`);
    fs.chownSync(unit, NOBODY, NOBODY);
    expect(await isAsked(unit)).toBe(true);
    fs.chownSync(unit, 0, 0);
    const lives = spawn("sleep", ["infinity"], { stdio: "ignore" });
    fs.writeFileSync(`${unit}/cgroup.procs`, String(lives.pid));
    expect(await isAsked(unit)).toBe(true);
    const ended = once(lives, "exit");
    lives.kill();
    await ended;
    expect(await isAsked(unit)).toBe(false);
    const mixed = new Sender({ sockets: ["udp", "unix-dgram"], madeIn: unit });
    expect(await mixed.ask("through 3 127.0.0.2 47053")).toBe("EACCES");
    expect(mixed.isAsked).toBe(true);
    await mixed.end();
  });
  await withUnit(async (service) => expect(await isAsked(service)).toBe(true), "service");
});

test("sealed, TCP that is granted by address and what it accepts are held there too", {
  timeout: TIMEOUT_MS,
}, async () => {
  policyOf("level: enforcing\n", ["connect udp 127.0.0.1:47001", "connect tcp 127.0.0.1:47003"]);
  await host.ask("DELETE", `/domains/${DOMAIN}/level`);
  await host.ask("POST", `/domains/${DOMAIN}/reload`);
  await withUnit(async (unit) => {
    const daemon = new Sender({ sockets: ["udp", "tcp-listen:47001"], madeIn: unit });
    expect(await daemon.ask("through 3 127.0.0.2 47001")).toBe("EACCES");
    expect(await daemon.ask("through 3 127.0.0.1 47001")).toBe("OK");
    expect(await daemon.ask("accepted 4 127.0.0.2 47003")).toBe("EACCES");
    expect(await daemon.ask("accepted 4 127.0.0.1 47003")).toBe("ECONNREFUSED");
    expect(await daemon.ask("through 4 127.0.0.2 47003")).toBe("EACCES");
    expect(daemon.isAsked).toBe(false);
    expect(attachedTo(unit)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    await daemon.end();
    await untilNothingIsAttached(unit);
  });
});

test("a killed holder frees no socket, and the agent takes away what it left", {
  timeout: TIMEOUT_MS,
}, async () => {
  await give("enforcing");
  await withUnit(async (unit) => {
    const daemon = new Sender({ sockets: ["udp"], madeIn: unit });
    expect(await daemon.ask("through 3 127.0.0.2 47061")).toBe("EACCES");
    process.kill(holderOf(daemon.pid), "SIGKILL");
    expect(await daemon.ask("through 3 127.0.0.2 47061")).toBe("EACCES");
    expect(await daemon.ask("through 3 127.0.0.1 47001")).toBe("OK");
    // The next agent looks as soon as it starts, and leaves groups with processes alone.
    await withoutAgent(async () => undefined);
    expect(await daemon.ask("through 3 127.0.0.2 47061")).toBe("EACCES");
    await withoutAgent(async () => {
      await daemon.end();
      expect(attachedTo(unit)).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
    });
    await untilNothingIsAttached(unit);
  });
});

test("a start that fails leaves nothing attached", { timeout: TIMEOUT_MS }, async () => {
  await give("enforcing");
  await withUnit(async (unit) => {
    const late = [...host.inside, binary, "run", DOMAIN, "--", "/bin/true"];
    const args = ["-c", passing, "1", "udp", ...late];
    const env = { ...process.env, MADE_IN: unit };
    const { status, stderr } = spawnSync("python3", args, { env, encoding: "utf8", cwd: "/" });
    expect([status, stderr]).toEqual([126, expect.stringContaining("execute the command")]);
    await untilNothingIsAttached(unit);
  });
});
