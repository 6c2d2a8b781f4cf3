import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { PUBLIC_FILE, PUBLIC_FOLDER } from "../../src/base/modes.ts";
import { S_IFDIR, S_IFREG } from "../../src/kernel/constants.ts";
import { findCgroup2 } from "../../src/kernel/probe/caller.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import { uptimeNow } from "../../src/plan/outdated.ts";
import type { FactRole, Plan } from "../../src/plan/plan.ts";
import { needsRoot } from "../support/skip.ts";
import { Front, NOBODY, type Who } from "./front.ts";
import { bytesOf } from "./plan-fixture.ts";

const front = new Front();
const ran = join(front.work, "ran");
afterAll(() => front.close());
afterEach(() => {
  front.next(null);
  front.takeLog("compile.log");
});

function start(domain: string, who: Who = "self") {
  rmSync(ran, { force: true });
  const result = front.run(who, ["run", domain, "--", "sh", "-c", "echo ran | tee ran"]);
  return {
    ...result,
    ran: statSync(ran, { throwIfNoEntry: false }) !== undefined || result.stdout.includes("ran"),
  };
}

function refused(domain: string, message: RegExp, who: Who = "self") {
  const result = start(domain, who);
  expect(result.stderr).toMatch(message);
  expect(result.status).toBe(125);
  expect(result.ran).toBe(false);
  return result;
}

test("a missing plan is compiled once; without one nothing starts", () => {
  const domain = front.domain();
  refused(domain, /open the (plan|folder of plans): .*ENOENT[\s\S]*get a plan: native-test/);
  const log = front.takeLog("compile.log");
  const start = front.start("self", [domain, ""]);
  const expected = [
    "compile",
    "--out",
    front.planPath(domain),
    "--into",
    "3",
    "--for",
    ...start.split("\n"),
    domain,
  ];
  expect(log.filter((line) => line.startsWith("argument"))).toEqual(
    expected.map((word) => `argument ${word}`),
  );
});

test("the compiler's plan is used; beside standard descriptors it inherits a memfd", () => {
  const plan = front.plan();
  front.put(plan);
  rmSync(front.planPath(plan.domain));
  front.next(front.bytes(plan));
  const result = start(plan.domain);
  expect(result.status).toBe(0);
  expect(result.ran).toBe(true);
  expect(result.stderr).toBe("compiled\n");
  const log = front.takeLog("compile.log");
  const names = log
    .filter((line) => line.startsWith("variable"))
    .map((line) => line.slice(9).split("=")[0]);
  expect(
    names.filter((name) => !/^(PATH|HOME|TERM|LANG|NO_COLOR|XDG_\w+)$/.test(name ?? "")),
  ).toEqual([]);
  expect(names).toContain("PATH");
  expect(log.filter((line) => line.startsWith("descriptor"))).toEqual([
    "descriptor 0",
    "descriptor 1",
    "descriptor 2",
    "descriptor 3",
  ]);
});

test("a compiler that refused has said why: one more line, none about the missing plan", () => {
  front.setDist("compile.status", "3");
  const { stderr } = refused(front.domain(), /the compiler ended with status 3/);
  expect(stderr.split("\n").filter((line) => line.startsWith("cofferdam: "))).toHaveLength(1);
  front.setDist("compile.status", "0");
});

test("a compiler that failed otherwise may be silent: the plan's fault is named, too", () => {
  front.setDist("compile.status", "70");
  refused(front.domain(), /the compiler ended with status 70\n[\s\S]*get a plan: native-test/);
  front.setDist("compile.status", "0");
});

test("a disabled plan only executes", () => {
  const identity = { ...front.plan().identity, noNewPrivileges: false };
  const plan = front.plan((base) => ({
    ...base,
    level: "disabled",
    landlock: null,
    seccomp: null,
    identity,
  }));
  front.put(plan);
  const result = front.run("self", [
    "run",
    plan.domain,
    "--",
    "grep",
    "-E",
    "^(Seccomp|NoNewPrivs):",
    "/proc/self/status",
  ]);
  expect(result.stdout).toBe("NoNewPrivs:\t0\nSeccomp:\t0\n");
});

test("a plan whose file another start removes meanwhile is used, and its folder is denied", () => {
  const plan = front.plan();
  front.put(plan);
  rmSync(front.planPath(plan.domain));
  front.next(front.bytes(plan));
  front.setDist("plan.removed", "");
  expect(start(plan.domain)).toMatchObject({ status: 0, ran: true });
  expect(statSync(front.planPath(plan.domain), { throwIfNoEntry: false })).toBeUndefined();
  const open = front.plan((base) => ({
    ...base,
    landlock: base.landlock && {
      ...base.landlock,
      paths: [
        ...base.landlock.paths,
        { path: dirname(front.planPath(base.domain)), directory: true, rights: 12n },
      ],
    },
  }));
  front.next(front.bytes(open));
  refused(open.domain, /protect the plan from its own domain/);
  rmSync(join(front.dist, "plan.removed"));
});

type OneFact = Plan["facts"][number];

/** A file of the test and the fact of it, of which nothing is changed but by the test. */
function aFact(role: FactRole) {
  const file = join(front.work, "fact");
  rmSync(file, { recursive: true, force: true });
  writeFileSync(file, "1");
  const { mode, dev, ino, size, ctimeNs } = statSync(file, { bigint: true });
  const node = { kind: "node" as const, path: file, mode: Number(mode), dev, ino, size, ctimeNs };
  return { file, fact: { ...node, role } };
}

const withFact = (fact: OneFact): Plan => front.plan((base) => ({ ...base, facts: [fact] }));

const ready = (fact: OneFact): string => {
  const plan = withFact(fact);
  front.put(plan);
  return plan.domain;
};

test("a ready plan with an exception or a level that ends is used until then", () => {
  const now = uptimeNow();
  expect(start(ready({ kind: "until", until: Math.round(now) + 60_000 })).ran).toBe(true);
  refused(
    ready({ kind: "until", until: Math.floor(now) }),
    /an exception in it, or its level, has ended/,
  );
});

test.each(["authority", "snapshot"] as const)(
  "stale facts of a ready plan, role %s: changed, appeared",
  (role) => {
    const { file, fact: node } = aFact(role);
    expect(start(ready(node)).ran).toBe(true);
    expect(start(ready({ kind: "absent", path: join(file, "below"), role })).ran).toBe(true);
    for (const change of [
      { mode: 1 },
      { dev: 0n },
      { ino: 1n },
      { size: 2n },
      { ctimeNs: node.ctimeNs - 1n },
    ]) {
      refused(ready({ ...node, ...change }), /fact\n {2}help: it changed/);
    }
    const absent = { kind: "absent", path: file, role } as const;
    refused(ready(absent), /it did not exist when the plan was made/);
  },
);

test("an object's fact: gone, or of another type", () => {
  const { file } = aFact("snapshot");
  const fact: OneFact = { kind: "object", path: file, type: S_IFREG };
  const domain = ready(fact);
  expect(start(domain).ran).toBe(true);
  writeFileSync(`${file}.new`, "another inode, size and time");
  renameSync(`${file}.new`, file);
  expect(start(domain).ran).toBe(true);
  rmSync(file);
  refused(domain, /fact\n {2}help: it changed/);
  mkdirSync(file);
  refused(domain, /fact\n {2}help: it changed/);
});

test("a plan compiled for this start is used though names changed, if its facts hold", () => {
  const { file, fact } = aFact("snapshot");
  const compiled = (one: OneFact) => {
    const plan = withFact(one);
    front.next(front.bytes(plan));
    return plan.domain;
  };
  const changed = { ...fact, ctimeNs: 1n };
  for (const one of [
    changed,
    { kind: "absent", path: file, role: "snapshot" },
    { kind: "object", path: file, type: S_IFDIR },
  ] as const) {
    expect(start(compiled(one)).ran).toBe(true);
    expect(compilations()).toBe(1);
  }
  for (const one of [
    { ...changed, role: "authority" },
    { kind: "absent", path: file, role: "authority" },
  ] as const) {
    refused(
      compiled(one),
      /use the plan of this start: .*fact[\s\S]*each new plan was out of date at once: start again/,
    );
    expect(compilations()).toBe(3);
  }
});

const compilations = (): number =>
  front.takeLog("compile.log").filter((line) => line === "argument compile").length;

test("after a failed compiler a stored plan is used only if all its facts hold", () => {
  const { fact } = aFact("snapshot");
  const domain = ready({ ...fact, ctimeNs: 1n });
  front.setDist("compile.status", "70");
  refused(domain, /use the ready plan: .*fact/);
  front.setDist("compile.status", "0");
});

const FS_MAKE_REG = 1n << 8n;

test("a rule whose object is gone, is a link or is of another type is left out", () => {
  const gone = join(front.work, "gone");
  const link = join(front.work, "link");
  rmSync(link, { force: true });
  symlinkSync("/etc", link);
  const plan = front.plan((base) => ({
    ...base,
    landlock: base.landlock && {
      ...base.landlock,
      paths: [
        ...base.landlock.paths,
        { path: gone, directory: false, rights: 4n },
        { path: link, directory: true, rights: FS_MAKE_REG },
        { path: join(front.work, "fact"), directory: true, rights: 8n },
        { path: "/usr/lib", directory: false, rights: FS_MAKE_REG },
      ],
    },
  }));
  front.put(plan);
  // Landlock would reach everything below a directory, and what a link leads to.
  const tries = `for name in /usr/lib ${link} ${front.work}/gone; do echo > $name/new; done`;
  const { status, stderr } = front.run("self", ["run", plan.domain, "--", "sh", "-c", tries]);
  expect(stderr.match(/ermission denied|nonexistent|No such/g) ?? [], stderr).toHaveLength(3);
  expect(status).not.toBe(0);
});

test("a ready plan without its cgroup is stale", () => {
  const lost = front.plan((base) => ({
    ...base,
    cgroup: {
      anchor: "/sys/fs/cgroup/nowhere",
      programs: [{ attachType: 10, tag: new Uint8Array(8) }],
    },
  }));
  front.put(lost);
  refused(lost.domain, /cgroup is gone/);
});

test("a plan for a lesser host is not used: another Landlock, Yama, no cgroups, one start", () => {
  const madeFor = (host: Partial<Plan["host"]>) => {
    const plan = front.plan((base) => ({ ...base, host: { ...base.host, ...host } }));
    front.put(plan);
    return plan.domain;
  };
  expect(start(madeFor({})).ran).toBe(true);
  const mounted = findCgroup2(readFileSync("/proc/self/mountinfo", "utf8")) !== null;
  expect(start(madeFor({ withoutCgroup2: !mounted })).ran).toBe(true);
  if (mounted)
    refused(madeFor({ withoutCgroup2: true }), /no control groups version 2 were mounted/);
  refused(madeFor({ landlockAbi: 1 }), /Landlock\n {2}help: it was made where/);
  refused(madeFor({ ptraceScope: 9 }), /ptrace_scope\n {2}help: it was made under another setting/);

  const once = front.plan((base) => ({ ...base, host: { ...base.host, forOneStart: true } }));
  front.put(once);
  refused(once.domain, /made for one start/);
  front.next(front.bytes(once));
  front.takeLog("compile.log");
  expect(start(once.domain).ran, "used by the start that had it made").toBe(true);
  expect(front.takeLog("compile.log"), "which had it made anew").not.toEqual([]);
});

test("the plan of another domain is refused", () => {
  const other = front.plan();
  const plan = front.plan();
  front.put(plan, "self", front.bytes(other));
  refused(plan.domain, /use the ready plan: .*\n {2}help: it was made for another start/);
});

test("a plan for another kernel, caller or choice, or for none, is refused under any name", () => {
  const plan = front.plan();
  const made = front.start("self", [plan.domain, ""]);
  const without = bytesOf(plan, made);
  for (const bytes of [
    ...[made.replace(/^\d+:[^:]+/, "3:1.0"), `${made}5:--set3:a=1`, made.slice(0, -1), ""].map(
      (text) => bytesOf(plan, text),
    ),
    encodePlan({
      ...plan,
      facts: [
        { kind: "start", text: made },
        { kind: "start", text: made },
      ],
    }),
    encodePlan(plan),
  ]) {
    front.put(plan, "self", bytes);
    refused(plan.domain, /it was made for another start/);
  }
  front.put(plan, "self", without);
  expect(start(plan.domain).ran).toBe(true);
});

test("a plan through a symbolic link, a fifo's name, or writable by others is refused", () => {
  const plan = front.plan();
  const path = front.put(plan);
  chmodSync(path, 0o664);
  refused(plan.domain, /trust the plan/);
  chmodSync(path, 0o646);
  refused(plan.domain, /trust the plan/);
  chmodSync(path, PUBLIC_FILE);
  renameSync(path, `${path}.moved`);
  symlinkSync(`${path}.moved`, path);
  refused(plan.domain, /open the plan.*ELOOP/);
  rmSync(path);
  mkdirSync(path);
  refused(plan.domain, /trust the plan/);
  rmSync(path, { recursive: true });
  linkSync(`${path}.moved`, path);
  rmSync(`${path}.moved`);
  expect(start(plan.domain).ran).toBe(true);
});

test("a plan or a folder that belongs to another user is refused", (context) => {
  needsRoot(context);
  const plan = front.plan();
  const path = front.put(plan, "nobody");
  expect(start(plan.domain, "nobody").ran).toBe(true);
  chownSync(path, 4711, 4711);
  refused(plan.domain, /trust the plan/, "nobody");
  chownSync(path, NOBODY, NOBODY);
  chownSync(dirname(path), 4711, 4711);
  refused(plan.domain, /trust the folder of plans/, "nobody");
  chownSync(dirname(path), NOBODY, NOBODY);
  chmodSync(dirname(path), 0o757);
  refused(plan.domain, /trust the folder of plans/, "nobody");
  chmodSync(dirname(path), PUBLIC_FOLDER);
});
