import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { STUCK_AFTER_MS, STUCK_OF_USER_MAX } from "../../src/sessions/limits.ts";
import { root } from "../house/tree.ts";
import { compileC } from "../support/compile-c.ts";
import { skipUnless } from "../support/skip.ts";
import { ada, bob, canHaveHost, carol, SessionHost, said } from "./session-host.ts";

const client = join(root, "bin", "cofferdam-login");
const FIRST_START_MS = 60_000;
/** For what was handed over to have done its harm, if it does any, milliseconds. */
const HARM_MS = 300;

let host: SessionHost;
let program: string;
const silent: ChildProcess[] = [];
beforeAll(async () => {
  if (!canHaveHost()) return;
  host = await SessionHost.start(root);
  program = join(host.folder, "silent-file");
  compileC(program, join(import.meta.dirname, "programs", "silent-file.c"), ["-O2", "-Wall"]);
  mkdirSync(join(host.folder, "fuse"));
  for (const user of [ada, bob, carol]) host.run([client, "-c", ":"], user);
}, FIRST_START_MS);
afterEach(endSilent);
afterAll(() => host?.stop());
beforeEach((context) => skipUnless(context, canHaveHost(), "a host of one's own takes root"));

async function endSilent(): Promise<void> {
  for (const one of silent.splice(0)) {
    const ended = once(one, "close");
    one.stdin?.end();
    await ended;
  }
}

/** ada hands over a file whose server never answers. */
async function handOver(
  socket: string,
  how: "requests" | "queued",
  connections: number,
): Promise<void> {
  const path = `/run/cofferdam-sessions/${socket}.sock`;
  // What is in the queue is to be there whole before it is looked at.
  if (how === "queued") host.signalServer("SIGSTOP");
  try {
    const one = host.spawn([
      program,
      join(host.folder, "fuse"),
      path,
      String(ada.uid),
      how,
      String(connections),
    ]);
    silent.push(one);
    await said(one, "sent");
  } finally {
    host.signalServer("SIGCONT");
  }
  await new Promise((resolve) => setTimeout(resolve, HARM_MS));
}

/** A process that waits for ever must fail the test. */
const within = (command: string, user = bob) =>
  host.run(["timeout", "-s", "KILL", "5", client, "-c", command], user);

test.each([
  { socket: "login", how: "requests" },
  { socket: "login", how: "queued" },
  { socket: "supershell", how: "requests" },
  { socket: "supershell", how: "queued" },
  { socket: "view", how: "queued" },
] as const)(
  "files whose close is never answered, $how at the socket $socket, delay no other user",
  async ({ socket, how }) => {
    await handOver(socket, how, 10);
    expect(within("echo in")).toMatchObject({ status: 0, out: "in\n" });
    expect(within("supershell -c 'id -u'", carol)).toMatchObject({ status: 0, out: "0\n" });
  },
  FIRST_START_MS,
);

test(
  "a user who leaves too many of them is kept out until they have ended; others are not",
  async () => {
    await handOver("login", "requests", STUCK_OF_USER_MAX + 1);
    const isKeptOut = host.heard(`attendants do not exit: ${ada.uid}\n`);
    // A new connection makes the server look.
    const coming = setInterval(() => host.spawn([client, "-c", ":"], bob), STUCK_AFTER_MS);
    await isKeptOut.finally(() => clearInterval(coming));
    expect(within("echo in")).toMatchObject({ status: 0, out: "in\n" });
    expect(within("echo in", ada)).toMatchObject({
      status: 125,
      err: expect.stringContaining("Permission denied"),
    });
    const open = host.heard("all users may connect again");
    await endSilent();
    await open;
    expect(within("echo in", ada)).toMatchObject({ status: 0, out: "in\n" });
  },
  FIRST_START_MS,
);
