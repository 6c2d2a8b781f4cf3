import { chmodSync, chownSync, copyFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { SET_USER_ID_PROGRAM } from "../../src/base/modes.ts";
import type { Identity, Plan } from "../../src/plan/plan.ts";
import { needsRoot } from "../support/skip.ts";
import { Front, NOBODY } from "./front.ts";
import { bytesOf, ownCapabilities } from "./plan-fixture.ts";

const front = new Front();
afterAll(() => front.close());
beforeEach((context) => needsRoot(context));

const NET_BIND_SERVICE = 1n << 10n;
const SETPCAP = 1n << 8n;
const SYS_ADMIN = 1n << 21n;
const user = { uid: NOBODY, gid: 4711, groups: [4712, 4713] };

function status(
  identity: Partial<Identity>,
  command = ["cat", "/proc/self/status"],
): Record<string, string> {
  const plan = front.plan((base: Plan) => ({
    ...base,
    identity: { ...base.identity, ...identity },
  }));
  front.put(plan);
  const result = front.run("self", ["run", plan.domain, "--", ...command]);
  expect(result.stderr).toBe("");
  return Object.fromEntries(
    result.stdout.split("\n").map((line) => line.split(":\t") as [string, string]),
  );
}

const mask = (text: string | undefined) => BigInt(`0x${text}`);

test("user, group, groups and nothing of root's", () => {
  const now = status({ user });
  expect(now.Uid).toBe(`${NOBODY}\t${NOBODY}\t${NOBODY}\t${NOBODY}`);
  expect(now.Gid).toBe("4711\t4711\t4711\t4711");
  expect(now.Groups?.trim()).toBe("4712 4713");
  expect([mask(now.CapPrm), mask(now.CapEff), mask(now.CapInh), mask(now.CapAmb)]).toEqual([
    0n,
    0n,
    0n,
    0n,
  ]);
});

test("at level disabled the user is the policy's all the same", () => {
  const plan = front.plan((base) => ({
    ...base,
    level: "disabled",
    landlock: null,
    seccomp: null,
    identity: { ...base.identity, user, noNewPrivileges: false },
  }));
  front.put(plan);
  const { stdout, stderr } = front.run("self", [
    "run",
    plan.domain,
    "--",
    "grep",
    "-E",
    "^(Uid|Gid|Groups|CapPrm|Seccomp):",
    "/proc/self/status",
  ]);
  expect(stdout, stderr).toMatch(
    new RegExp(
      `^Uid:(\\t${NOBODY}){4}\nGid:(\\t4711){4}\nGroups:\\t4712 4713 \n` +
        "CapPrm:\\t0{16}\nSeccomp:\\t0\n$",
    ),
  );
});

test("ambient capabilities, and only they, for another user", () => {
  const now = status({ user, bounding: NET_BIND_SERVICE, ambient: NET_BIND_SERVICE });
  expect(mask(now.CapEff)).toBe(NET_BIND_SERVICE);
  expect(mask(now.CapAmb)).toBe(NET_BIND_SERVICE);
  expect(mask(now.CapBnd)).toBe(NET_BIND_SERVICE);
});

test("root keeps what the bounding set leaves, with and without no_new_privs", () => {
  for (const noNewPrivileges of [true, false]) {
    const now = status({ bounding: NET_BIND_SERVICE, noNewPrivileges });
    expect(now.NoNewPrivs).toBe(noNewPrivileges ? "1" : "0");
    expect(now.Seccomp).toBe("2");
    expect(mask(now.CapBnd)).toBe(NET_BIND_SERVICE);
    expect(mask(now.CapPrm)).toBe(NET_BIND_SERVICE);
  }
});

test("without no_new_privs another user loses CAP_SYS_ADMIN, and set-user-id programs work", () => {
  const program = join(front.work, "suid-cat");
  copyFileSync("/usr/bin/cat", program);
  chownSync(program, 0, 0);
  chmodSync(program, SET_USER_ID_PROGRAM);
  const plain = status({ user, noNewPrivileges: false });
  expect(mask(plain.CapEff) & SYS_ADMIN).toBe(0n);
  expect(mask(plain.CapPrm)).toBe(0n);
  expect(plain.NoNewPrivs).toBe("0");
  const raised = status({ user, noNewPrivileges: false, bounding: NET_BIND_SERVICE }, [
    program,
    "/proc/self/status",
  ]);
  expect(raised.Uid).toBe(`${NOBODY}\t0\t0\t0`);
  expect(mask(raised.CapEff)).toBe(NET_BIND_SERVICE);
  expect(status({ user }, [program, "/proc/self/status"]).Uid).toBe(
    `${NOBODY}\t${NOBODY}\t${NOBODY}\t${NOBODY}`,
  );
});

test("a private IPC namespace is the daemon's own", () => {
  const own = readlinkSync("/proc/self/ns/ipc");
  const text = (privateIpc: boolean) => {
    const plan = front.plan((base) => ({ ...base, identity: { ...base.identity, privateIpc } }));
    front.put(plan);
    return front
      .run("self", ["run", plan.domain, "--", "readlink", "/proc/self/ns/ipc"])
      .stdout.trim();
  };
  expect(text(false)).toBe(own);
  expect(text(true)).toMatch(/^ipc:\[\d+\]$/);
  expect(text(true)).not.toBe(own);
});

test("too wide a bounding set without CAP_SETPCAP is refused, unless it gains nothing", () => {
  const plan = front.plan((base) => ({ ...base, identity: { ...base.identity, bounding: 0n } }));
  const start = front.start("self", [plan.domain, ""], ownCapabilities() & ~SETPCAP);
  front.put(plan, "self", bytesOf(plan, start), front.pathFor(plan.domain, start));
  front.put(plan, "nobody");
  const wrapper = ["setpriv", "--inh-caps=-all", "--bounding-set=-setpcap", "--"];
  const refused = front.run("self", ["run", plan.domain, "--", "echo", "ran"], { wrapper });
  expect(refused.stderr).toMatch(/take a capability from the bounding set: capability 0: EPERM/);
  expect([refused.status, refused.stdout]).toEqual([125, ""]);
  expect(front.run("nobody", ["run", plan.domain, "--", "echo", "ran"]).stdout).toBe("ran\n");
});
