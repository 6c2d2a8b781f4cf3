import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Event } from "../../src/events/event.ts";
import { supershellWords } from "../../src/events/supershell-words.ts";
import { root } from "../house/tree.ts";
import { skipUnless } from "../support/skip.ts";
import { typing, typist } from "../support/typist.ts";
import { ada, canHaveHost, carol, SessionHost, said, type TestUser } from "./session-host.ts";

const client = join(root, "bin", "cofferdam-login");
const FIRST_START_MS = 60_000;
const FLOOD = 100;

let host: SessionHost;
beforeAll(async () => {
  if (!canHaveHost()) return;
  host = await SessionHost.start(root);
  for (const user of [ada, carol]) host.run([client, "-c", ":"], user);
}, FIRST_START_MS);
afterAll(() => host?.stop());
beforeEach((context) => skipUnless(context, canHaveHost(), "a host of one's own takes root"));

const env = { SSH_CLIENT: "192.0.2.7 5 22" };
const inside = (command: string, user: TestUser | undefined = carol, input = "") =>
  host.run([client, "-c", command], user, input, env);

function uses(): readonly Event[] {
  const text = host.run(["sh", "-c", "cat /var/log/cofferdam/events.jsonl 2>/dev/null"]).out;
  const events = text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Event);
  return events.filter(({ operation }) => operation === "supershell");
}

/** What was told since `before` events. */
const told = (before: number) => uses().slice(before).map(supershellWords);

test("one command runs as root in superDom, with its status, output and input", () => {
  expect(inside("supershell -c 'id -u; cat /proc/self/cgroup; exit 7'")).toMatchObject({
    status: 7,
    err: "",
  });
  const { out } = inside("supershell -c 'id -u; cat /proc/self/cgroup; head -c4 /etc/shadow'");
  expect(out).toMatch(/^0\n/);
  expect(out).toContain("root");
  expect(out).not.toContain("/cofferdam/shell");
  expect(inside("supershell -c cat", carol, "through").out).toBe("through");
  expect(inside("echo piped | supershell -c 'cat; echo err >&2' | cat")).toMatchObject({
    out: "piped\n",
    err: "err\n",
  });
  expect(inside("supershell -c 'kill -TERM $$'").status).toBe(143);
  expect(inside("supershell -c 'echo ä'").out).toBe(Buffer.from("ä\n").toString("latin1"));
});

test("each use is logged at its start and end: user, origin, terminal, command", () => {
  const before = uses().length;
  inside("supershell --reason 'a ticket' -c 'exit 3'");
  expect(told(before)).toEqual([
    "started: exit 3 (without a terminal, reason: a ticket)",
    "ended with status 3 after 0 s: exit 3 (without a terminal, reason: a ticket)",
  ]);
  expect(uses().at(-1)).toMatchObject({
    verdict: "audit",
    domain: "shell",
    level: "enforcing",
    by: { uid: carol.uid, name: "carol" },
    process: { comm: "supershell", uid: carol.uid },
  });
});

test("what a command and a reason look like is no part of the record but theirs", () => {
  const command = "true # (on /dev/tty1, from 192.0.2.9 port 1, reason: none)";
  const reason = "x), by root (user 0)";
  inside(`supershell --reason '${reason}' -c '${command}'`);
  const where = { session: false, terminal: null, origin: null, reason };
  const [started, ended] = uses().slice(-2);
  expect(started).toMatchObject({ object: command, supershell: { ...where, phase: "started" } });
  expect(ended).toMatchObject({
    object: command,
    supershell: { ...where, phase: "ended", status: 0, seconds: 0 },
  });
  inside(`supershell -c '${command}'`, ada);
  expect(uses().at(-1)?.supershell).toMatchObject({
    phase: "refused",
    why: expect.stringContaining("it is for root"),
  });
});

test("nothing of the caller's environment comes along, and the folder does", () => {
  const { out } = inside(
    "export LD_PRELOAD=/x BASH_ENV=/x LANG=../../x LC_TIME=C; supershell -c 'pwd; export -p'",
  );
  expect(out).toMatch(/^\/var\/spool\/cofferdam\/carol\n/);
  expect(out).toContain('HOME="/root"');
  expect(out).toContain('LC_TIME="C"');
  for (const name of ["LD_PRELOAD", "BASH_ENV", "LANG", "SSH_CLIENT"])
    expect(out).not.toContain(` ${name}=`);
});

test("a user outside the group is refused, and logged, each of a hundred times", () => {
  const before = uses().length;
  const { status, err, out } = inside("supershell -c id", ada);
  expect({ status, out }).toEqual({ status: 125, out: "" });
  expect(err).toContain("no super shell: it is for root and members of the group cofferdam");
  inside(`for i in {1..${FLOOD}}; do supershell -c "echo $i" & done 2>/dev/null; wait`, ada);
  const refused = told(before);
  expect(refused).toHaveLength(1 + FLOOD);
  const words = refused
    .slice(1)
    .map((text) => /^refused, it is for root .*: echo (\d+) \(/.exec(text)?.[1]);
  expect(words.map(Number).sort((a, b) => a - b)).toEqual(
    Array.from({ length: FLOOD }, (_, i) => i + 1),
  );
});

test("where a reason is asked for, there is none without", () => {
  const set = (value: number) =>
    host.run([
      join(root, "bin", "cofferdam"),
      "settings",
      "set",
      "/UserVars/SupershellAsksReason",
      String(value),
    ]);
  expect(set(1).status).toBe(0);
  try {
    expect(inside("supershell -c id").err).toContain("it takes a --reason on this host");
    expect(inside("supershell --reason why -c 'id -u'").out).toBe("0\n");
  } finally {
    expect(set(0).status).toBe(0);
  }
  expect(inside("supershell -c 'id -u'").out).toBe("0\n");
});

test("outside the sandbox there is none, not even for root", () => {
  const before = uses().length;
  const supershell = join(root, "shell", "supershell");
  expect(host.run([supershell, "-c", "id"], carol)).toMatchObject({ status: 125, out: "" });
  expect(host.run([supershell, "-c", "id"])).toMatchObject({ status: 125, out: "" });
  expect(told(before)).toEqual(
    Array(2).fill(expect.stringMatching(/^refused, this is for the sandboxed shell alone: id/)),
  );
});

test("if the start cannot be logged, nothing runs", () => {
  host.run(["sh", "-c", "mount -t tmpfs -o ro none /var/log"]);
  try {
    const { status, err } = inside("supershell -c 'echo ran >/run/ran'");
    expect(status).toBe(125);
    // By the compiler where this host's plan of the shell is for one start, else by the server.
    expect(err).toMatch(/its use could not be logged|nothing was started/);
    expect(host.run(["cat", "/run/ran"]).status).not.toBe(0);
  } finally {
    host.run(["umount", "/var/log"]);
  }
  const before = uses().length;
  expect(inside("supershell -c 'echo ran'").out).toBe("ran\n");
  // Where the session server was asked, it tells of its refusal once the log can be written.
  const after = told(before).map((text) => text.split(":")[0]);
  expect(after.slice(-2)).toEqual(["started", "ended with status 0 after 0 s"]);
});

test("a new terminal follows the caller's size; settings are restored", () => {
  const before = uses().length;
  const script = [
    ["$ ", "supershell"],
    ["# ", "tty; stty size"],
    ["24 80\n", "RESIZE"],
    ["# ", "until [ \"$(stty size)\" = '50 132' ]; do :; done; echo resized"],
    ["resized\n", "sh -c 'echo up; exec cat'"],
    ["up\n", "^C"],
    ["# ", "sh -c 'echo up; exec cat'"],
    ["up\n", "^Z"],
    ["Stopped", "kill -KILL %1; while jobs %1; do :; done; exit 6"],
    ["$ ", "echo status $?; supershell -c 'stty -echo raw; exit 0'"],
    ["$ ", "echo typed; exit 4"],
  ] as const;
  const { status, out } = host.run(typist(["sh", "-c", `exec ${client}`]), carol, typing(script));
  expect(out).toContain("status 6");
  expect(out).not.toContain("no job control");
  expect(out).toContain("echo typed");
  expect(status).toBe(4);
  expect(told(before)[0]).toMatch(/^started: a session \(on \/dev\/pts\/\d+\)$/);
});

test("a command that only prints takes no input; in the background none is read", () => {
  const script = [
    ["$ ", "echo a | supershell -c 'cat; tty; tty <&1'"],
    ["$ ", "supershell -c cat & wait; echo go''ne"],
    ["gone", "exit 4"],
  ] as const;
  const { status, out } = host.run(typist(["sh", "-c", `exec ${client}`]), carol, typing(script));
  expect(out).toMatch(/\na\r\nnot a tty\r\n\/dev\/pts\/\d+\r\n/);
  expect(out).toContain("it must be in the foreground: fg");
  expect(status).toBe(4);
});

test("the end of the client is a hang-up for what runs outside", async () => {
  const shell = host.spawn(
    [
      client,
      "-c",
      "supershell -c \"trap 'echo hung up; exit 1' HUP; echo up; while :; do sleep 0.1; " +
        'done" & echo; read',
    ],
    carol,
  );
  await said(shell, "up");
  const heard = said(shell, "hung up");
  host.run([
    "sh",
    "-c",
    'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" != supershell ] || [ "$(stat -c %u $p)" ' +
      "!= 61003 ] || kill -KILL ${p#/proc/}; done",
  ]);
  await heard;
  shell.stdin?.end();
});
