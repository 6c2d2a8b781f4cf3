import { rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import {
  AF_UNIX,
  MSG_DONTWAIT,
  SO_SNDTIMEO,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../src/kernel/constants.ts";
import { error, type Outcome } from "../../src/mediate/answer/outcome.ts";
import type { Call } from "../../src/mediate/calls/call.ts";
import { untilTimeout } from "../../src/mediate/calls/look-again.ts";
import type { TargetSocket } from "../../src/mediate/calls/sockets/socket.ts";
import { LOOK_MS_MAX } from "../../src/mediate/limits.ts";
import { E, POLLIN } from "../../src/mediate/sys/abi.ts";
import { close, sys } from "../../src/mediate/sys/sys.ts";
import { scratchFolder } from "../support/scratch.ts";

const TIMEOUT_MS = 400;
/**
 * Looks within that time: one at once, three after the first short pauses, then one after each of
 * the longest.
 */
const LOOKS_MAX = TIMEOUT_MS / LOOK_MS_MAX + 5;

let folder: string;
let name: Buffer;
beforeAll(() => {
  folder = scratchFolder("look");
  name = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(`${join(folder, "receiver")}\0`)]);
});

const kept: number[] = [];
const call = {
  check: () => undefined,
  target: {
    tid: process.pid,
    givingBack: <T>(look: () => T): T => look(),
    keep(fd: number): number {
      kept.push(fd);
      return fd;
    },
  },
} as unknown as Call;

/** As the loop does with what is pending. */
function outcomeOf(first: Outcome): Outcome {
  let outcome = first;
  while (outcome.kind === "pending") {
    const request = Buffer.alloc(8);
    request.writeInt32LE(outcome.fd, 0);
    request.writeInt16LE(outcome.events ?? POLLIN, 4);
    sys("poll", request, 1, -1);
    outcome = outcome.resume();
  }
  return outcome;
}

/** A sender whose receiver has no room: named in each send, or connected to. */
function fullSender(connected: boolean): { fd: number; send: () => number } {
  const [receiver, fd] = [
    sys("socket", AF_UNIX, SOCK_DGRAM, 0),
    sys("socket", AF_UNIX, SOCK_DGRAM, 0),
  ];
  kept.push(receiver, fd);
  rmSync(join(folder, "receiver"), { force: true });
  expect(sys("bind", receiver, name, name.length)).toBe(0);
  if (connected) expect(sys("connect", fd, name, name.length)).toBe(0);
  const to = connected ? ([null, 0] as const) : ([name, name.length] as const);
  const send = (): number => sys("sendto", fd, Buffer.from("x"), 1, MSG_DONTWAIT, ...to);
  while (send() === 1);
  const timeout = Buffer.alloc(16);
  timeout.writeBigInt64LE(BigInt(TIMEOUT_MS) * 1_000n, 8);
  expect(sys("setsockopt", fd, SOL_SOCKET, SO_SNDTIMEO, timeout, timeout.length)).toBe(0);
  return { fd, send };
}

test.each([
  ["a name", false],
  ["a connection", true],
])(
  "a datagram to %s whose receiver is full is tried again after pauses, until its time is over",
  (_, connected) => {
    const { fd, send } = fullSender(connected);
    let looks = 0;
    const attempt = (): Outcome | null => {
      looks += 1;
      const sent = send();
      return sent === -E.AGAIN ? null : { kind: "value", value: sent };
    };
    const waiting = untilTimeout(call, { fd } as TargetSocket, {
      attempt,
      socket: fd,
      echoes: true,
    });
    expect(outcomeOf(waiting)).toEqual(error(E.AGAIN));
    expect(looks).toBeGreaterThan(2);
    expect(looks).toBeLessThanOrEqual(LOOKS_MAX);
    for (const one of kept.splice(0)) close(one);
  },
);
