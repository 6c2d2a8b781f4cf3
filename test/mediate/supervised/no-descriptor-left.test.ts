import { describe, expect, test } from "vitest";
import { EBADF, EINVAL, EMFILE, SCM_RIGHTS, SOL_SOCKET } from "../../../src/kernel/constants.ts";
import { systemCall } from "../../../src/kernel/system-calls/table.ts";
import type { Call } from "../../../src/mediate/calls/call.ts";
import { judgeDescriptor } from "../../../src/mediate/calls/descriptors/judge-descriptor.ts";
import { judgeProcesses } from "../../../src/mediate/calls/processes/judge-processes.ts";
import { carried } from "../../../src/mediate/calls/sockets/control-data.ts";

/** A call on descriptor 5; `got`: what the mediator gets when it asks for that descriptor. */
function callOf(
  name: string,
  got: number,
  memory: Buffer = Buffer.alloc(0),
  isAlone = true,
): { call: Call; asked: () => number } {
  let asked = 0;
  const ask = (): number => {
    asked += 1;
    return got;
  };
  const link = () => (got < 0 ? got : "socket:[1]");
  const target = {
    link,
    descriptor: ask,
    copyOf: ask,
    keep: () => got,
    memory: { read: () => memory },
  };
  const broker = { exchanged: 0, mayWait: true };
  const fake = { name, isAlone, rehearses: false, int: () => 5, unsigned: () => 5, target, broker };
  return { call: fake as unknown as Call, asked: () => asked };
}

function judged(name: string, got: number) {
  const { call } = callOf(name, got);
  const row = systemCall(name);
  return row?.class === "process" ? judgeProcesses(call, row) : judgeDescriptor(call);
}

/** One piece of control data with as many descriptors. */
function rights(count: number): Buffer {
  const bytes = Buffer.alloc((16 + 4 * count + 7) & ~7);
  bytes.writeBigUInt64LE(BigInt(16 + 4 * count), 0);
  bytes.writeInt32LE(SOL_SOCKET, 8);
  bytes.writeInt32LE(SCM_RIGHTS, 12);
  return bytes;
}

describe("a mediator without a descriptor left", () => {
  test.each(["ioctl", "pidfd_send_signal"])("%s does not go on unseen", (name) => {
    expect(judged(name, -EMFILE)).toEqual({ kind: "error", errno: EMFILE });
  });

  test("ioctl on no descriptor, which another thread may fill meanwhile, does not go on", () => {
    const { call } = callOf("ioctl", -EBADF, undefined, false);
    expect(judgeDescriptor(call)).toEqual({ kind: "error", errno: EBADF });
  });

  test.each(["ioctl", "pidfd_send_signal"])(
    "%s on no descriptor at all is the kernel's to refuse",
    (name) => {
      expect(judged(name, -EBADF)).toEqual({ kind: "continue" });
    },
  );
});

describe("descriptors in control data", () => {
  test.each([[[254]], [[200, 54]]])(
    "%j in one message are more than the kernel takes, and are not even copied",
    (counts) => {
      const memory = Buffer.concat(counts.map(rights));
      const { call, asked } = callOf("sendmsg", 9, memory);
      expect(carried(call, { at: 1n, length: BigInt(memory.length) })).toEqual({
        kind: "error",
        errno: EINVAL,
      });
      expect(asked()).toBeLessThan(254);
    },
  );

  test("as many as the kernel takes are carried", () => {
    const memory = rights(253);
    const { call, asked } = callOf("sendmsg", 0, memory);
    expect(Buffer.isBuffer(carried(call, { at: 1n, length: BigInt(memory.length) }))).toBe(true);
    expect(asked()).toBe(253);
  });
});
