import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { HEADER_SIZE } from "../../src/plan/layout.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { Front } from "./front.ts";
import { filterOf } from "./plan-fixture.ts";

const front = new Front();
const ran = join(front.work, "ran");
afterAll(() => front.close());

function refused(domain: string, message: RegExp) {
  rmSync(ran, { force: true });
  const result = front.run("self", ["run", domain, "--", "sh", "-c", "echo ran | tee ran"]);
  expect(result.stderr).toMatch(message);
  expect([result.status, result.stdout]).toEqual([125, ""]);
  expect(statSync(ran, { throwIfNoEntry: false })).toBeUndefined();
}

/** A thousand starts on a machine that has much else to do; milliseconds. */
const MANY_STARTS_MS = 300_000;
/** Changed plans that are tried with a right checksum. */
const CHANGES = 400;

test("every truncation of a plan is refused", { timeout: MANY_STARTS_MS }, () => {
  const plan = front.plan();
  const bytes = front.bytes(plan);
  for (let length = 0; length < bytes.length; length++) {
    front.put(plan, "self", bytes.slice(0, length));
    refused(plan.domain, /cofferdam: (read|understand) the plan/);
  }
});

test("a flipped bit in any byte of a plan is refused", { timeout: MANY_STARTS_MS }, () => {
  const plan = front.plan();
  const bytes = front.bytes(plan);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
    front.put(plan, "self", damaged);
    refused(plan.domain, /cofferdam: understand the plan/);
  }
});

test("a plan that confines nothing is refused, even with a right checksum", () => {
  const bare = (plan: Plan): Plan => ({
    ...plan,
    level: "disabled",
    landlock: null,
    seccomp: null,
  });
  const plan = front.plan(bare);
  front.put(plan, "self", asEnforcing(front.bytes(plan)));
  refused(plan.domain, /it has no usable seccomp filter/);
});

test.each(["enforcing", "warning", "disabled"] as const)(
  "at level %s a plan of the kernel's engine starts nothing where no agent leads it",
  (level) => {
    const filter = { filter: filterOf([]), flags: 0, listener: false };
    const plan = front.plan((base) => ({
      ...base,
      ...{ engine: "bpf-lsm", number: 65000, level, landlock: null },
      seccomp: level === "enforcing" ? filter : null,
    }));
    front.put(plan);
    refused(plan.domain, /have the agent lead it[\s\S]*nothing is started outside its domain/);
  },
);

test("a plan of the kernel's engine without its filter is refused", () => {
  const plan = front.plan((base) => ({
    ...base,
    ...{ engine: "bpf-lsm", number: 65000, level: "warning", landlock: null, seccomp: null },
  }));
  front.put(plan, "self", asEnforcing(front.bytes(plan)));
  refused(plan.domain, /it has no usable seccomp filter|for the kernel's engine, yet/);
});

test("with a right checksum too, no change of a plan lets a daemon run outside", {
  timeout: MANY_STARTS_MS,
}, () => {
  const plan = front.plan();
  const bytes = front.bytes(plan);
  let refusals = 0;
  for (let round = 0; round < CHANGES; round++) {
    const changed = bytes.slice();
    const at = HEADER_SIZE + ((round * 7919) % (bytes.length - HEADER_SIZE));
    changed[at] = (changed[at] ?? 0) ^ (1 << (round % 8));
    front.put(plan, "self", sealed(changed));
    const result = front.run("self", ["run", plan.domain, "--", "cat", "/proc/self/status"]);
    if (result.status === 0) expect(result.stdout).toMatch(/Seccomp:\t2/);
    // Confined, and narrower than it was.
    else if (result.status === 1) expect(result.stderr).toMatch(/^cat: .*: Permission denied\n$/);
    else expect([125, 126, 127, null]).toContain(result.status);
    if (result.status === 125) refusals++;
  }
  expect(refusals).toBeGreaterThan(CHANGES / 10);
});

/** The same plan, said to be of level enforcing, with a right checksum. */
function asEnforcing(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer);
  const head = Number(view.getBigUint64(HEADER_SIZE + 8, true));
  view.setUint32(head, 0, true);
  return sealed(bytes);
}

function sealed(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer).setUint32(24, crc32(bytes.subarray(HEADER_SIZE)), true);
  return bytes;
}
