import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Identity, LandlockPlan, Plan } from "../../src/plan/plan.ts";
import { needsRoot } from "../support/skip.ts";
import { Front, NOBODY, type Who } from "./front.ts";

const front = new Front();
afterAll(() => front.close());
const ran = join(front.work, "ran");
const EPERM = 1;
const EIO = 5;
const ENOMEM = 12;
const EINVAL = 22;
const EMFILE = 24;
const SETGROUPS = 116;

function start(
  plan: Plan,
  who: Who,
  wrapper: readonly string[],
  command = ["sh", "-c", "echo ran | tee ran"],
) {
  rmSync(ran, { force: true });
  const result = front.run(who, ["run", plan.domain, "--", ...command], { wrapper });
  return {
    ...result,
    ran: statSync(ran, { throwIfNoEntry: false }) !== undefined || result.stdout.includes("ran"),
  };
}

const identity =
  (part: Partial<Identity>) =>
  (plan: Plan): Plan => ({ ...plan, identity: { ...plan.identity, ...part } });
const landlock =
  (part: Partial<LandlockPlan>) =>
  (plan: Plan): Plan => ({
    ...plan,
    landlock: plan.landlock && { ...plan.landlock, ...part },
  });
const user = identity({ user: { uid: NOBODY, gid: NOBODY, groups: [] } });
const member = identity({ user: { uid: NOBODY, gid: NOBODY, groups: [4712] } });
const same = (plan: Plan): Plan => plan;
const port = landlock({ handledNet: 1n, ports: [{ port: 80, rights: 1n }] });

interface Failure {
  readonly step: string;
  readonly call: readonly [number: number, errno: number, argument?: readonly [number, number]];
  readonly plan: (plan: Plan) => Plan;
  readonly message: RegExp;
}

/** System call numbers of x86_64 and constants of linux/prctl.h, linux/sched.h, linux/fcntl.h. */
const failures: readonly Failure[] = [
  {
    step: "capget",
    call: [125, EPERM],
    plan: same,
    message: /read the capabilities of the caller: EPERM/,
  },
  {
    step: "dup for reports",
    call: [72, EMFILE, [1, 1030]],
    plan: same,
    message: /keep a descriptor for reports: .*EMFILE/,
  },
  {
    step: "close_range",
    call: [436, EPERM],
    plan: same,
    message: /close what is not inherited: .*EPERM/,
  },
  {
    step: "close_range, pretended",
    call: [436, 0, [2, 0]],
    plan: same,
    message: /verify that no other descriptor is open: \d+/,
  },
  {
    step: "dup2 of a standard descriptor, pretended",
    call: [33, 0],
    plan: (plan) => ({ ...plan, inherit: { stdio: false, stdioSockets: false, listen: false } }),
    message: /replace a descriptor that is not inherited: \/dev\/null/,
  },
  {
    step: "list of descriptors, pretended",
    call: [217, 0],
    plan: same,
    message: /verify that no other descriptor is open: \/proc\/self\/fd/,
  },
  {
    step: "ipc namespace, pretended",
    call: [272, 0, [0, 0x0800_0000]],
    plan: identity({ privateIpc: true }),
    message: /make a private IPC namespace/,
  },
  {
    step: "core limit",
    call: [302, EPERM, [1, 4]],
    plan: (plan) => ({ ...plan, coreDumps: false }),
    message: /limit core files to one byte: EPERM/,
  },
  {
    step: "core limit, pretended",
    call: [302, 0, [1, 4]],
    plan: (plan) => ({ ...plan, coreDumps: false }),
    message: /limit core files to one byte/,
  },
  {
    step: "PR_SET_MDWE",
    call: [157, EINVAL, [0, 65]],
    plan: (plan) => ({ ...plan, noNewCode: true }),
    message: /keep memory from becoming executable: PR_SET_MDWE: EINVAL/,
  },
  {
    step: "PR_SET_MDWE, pretended",
    call: [157, 0, [0, 65]],
    plan: (plan) => ({ ...plan, noNewCode: true }),
    message: /keep memory from becoming executable\n.*a seccomp filter/,
  },
  {
    step: "close_range of the holder",
    call: [436, EPERM, [2, 2]],
    plan: same,
    message: /start the holder: close_range: EPERM/,
  },
  {
    step: "memfd",
    call: [319, EMFILE],
    plan: same,
    message: /make room for the plan: memfd: EMFILE/,
  },
  { step: "copy", call: [40, EIO], plan: same, message: /read the plan: .*EIO/ },
  {
    step: "memfd size",
    call: [77, ENOMEM],
    plan: same,
    message: /make the slots of calls in flight: .*ENOMEM/,
  },
  {
    step: "seals",
    call: [72, EPERM, [1, 1033]],
    plan: same,
    message: /seal the plan: memfd: EPERM/,
  },
  {
    step: "robust list",
    call: [273, 38],
    plan: same,
    message: /start the holder: set_robust_list: ENOSYS/,
  },
  {
    step: "pidfd",
    call: [434, EMFILE],
    plan: same,
    message: /start the holder: pidfd_open: EMFILE/,
  },
  { step: "clone", call: [56, ENOMEM], plan: same, message: /start the holder: clone: ENOMEM/ },
  {
    step: "ipc namespace",
    call: [272, EPERM, [0, 0x0800_0000]],
    plan: identity({ privateIpc: true }),
    message: /make a private IPC namespace: EPERM/,
  },
  {
    step: "ruleset",
    // Without flags it makes one; with them it is asked for its version.
    call: [444, 95, [2, 0]],
    plan: same,
    message: /create the Landlock ruleset: EOPNOTSUPP/,
  },
  {
    step: "open of a path",
    call: [437, 24],
    plan: same,
    message: /open a path for its Landlock rule: \/dev\/null: EMFILE/,
  },
  {
    step: "path rule",
    call: [445, 22, [1, 1]],
    plan: same,
    message: /add a Landlock rule: \/dev\/null: EINVAL/,
  },
  {
    step: "port rule",
    call: [445, 22, [1, 2]],
    plan: port,
    message: /add a Landlock rule: port 80: EINVAL/,
  },
  {
    step: "bounding set",
    call: [157, EPERM, [0, 24]],
    plan: identity({ bounding: 0n, noNewPrivileges: false }),
    message: /take a capability from the bounding set: capability 0: EPERM/,
  },
  {
    step: "keepcaps",
    call: [157, EPERM, [0, 8]],
    plan: user,
    message: /keep capabilities over the change of user: EPERM/,
  },
  {
    step: "groups",
    call: [SETGROUPS, EPERM],
    plan: member,
    message: /set the supplementary groups: EPERM/,
  },
  {
    step: "groups, which are right already and not forbidden,",
    call: [SETGROUPS, ENOMEM],
    plan: user,
    message: /set the supplementary groups: ENOMEM/,
  },
  { step: "gid", call: [119, EPERM], plan: user, message: /change the group: EPERM/ },
  { step: "uid", call: [117, EPERM], plan: user, message: /change the user: EPERM/ },
  // A call that "fails" with errno 0 pretends to have been done.
  {
    step: "uid, pretended",
    call: [117, 0],
    plan: user,
    message: /verify the daemon's identity: user and groups/,
  },
  {
    step: "gid, pretended",
    call: [119, 0],
    plan: user,
    message: /verify the daemon's identity: user and groups/,
  },
  {
    step: "groups, pretended",
    call: [116, 0],
    plan: member,
    message: /verify the daemon's identity: user and groups/,
  },
  {
    step: "capset, pretended",
    call: [126, 0],
    plan: user,
    message: /verify the daemon's identity: capabilities/,
  },
  {
    step: "bounding set, pretended",
    call: [157, 0, [0, 24]],
    plan: identity({ bounding: 0n, noNewPrivileges: false }),
    message: /take a capability from the bounding set: capability 0: EPERM/,
  },
  {
    // As another user than root the injection itself has set it.
    step: "no_new_privs, pretended",
    call: [157, 0, [0, 38]],
    plan: identity({}),
    message: /verify the daemon's identity: no_new_privs/,
  },
  { step: "capset", call: [126, EPERM], plan: same, message: /limit the capabilities: EPERM/ },
  {
    step: "ambient",
    call: [157, EPERM, [0, 47]],
    plan: user,
    message: /clear the ambient capabilities: EPERM/,
  },
  {
    step: "no_new_privs",
    call: [157, EPERM, [0, 38]],
    plan: same,
    message: /set no_new_privs: EPERM/,
  },
  {
    step: "restrict_self",
    call: [446, 7],
    plan: same,
    message: /enter the Landlock domain: E2BIG/,
  },
  {
    step: "restrict_self, pretended",
    call: [446, 0],
    plan: same,
    message: /protect the plan from its own domain/,
  },
  {
    step: "seccomp",
    call: [317, ENOMEM],
    plan: same,
    message: /install the seccomp filter: ENOMEM/,
  },
  { step: "seccomp, pretended", call: [317, 0], plan: same, message: /install the seccomp filter/ },
  {
    step: "seccomp under a listener",
    call: [317, 16],
    plan: same,
    message: /whose filter has a listener/,
  },
];

test.for(failures)(
  "$step fails: the step is named, the daemon does not run",
  (failure, context) => {
    if (failure.plan !== same && failure.plan !== port) needsRoot(context);
    const plan = front.plan(failure.plan);
    front.put(plan);
    expect(start(plan, "self", []).ran, "without the fault").toBe(true);
    const result = start(plan, "self", front.failing(...failure.call));
    expect(result.stderr).toMatch(failure.message);
    expect(result.stderr).toMatch(/^cofferdam: /m);
    expect(result.status).toBe(125);
    expect(result.ran).toBe(false);
  },
);

test("where setgroups is forbidden, as with PrivateUsers=, right groups are enough", (context) => {
  needsRoot(context);
  const plan = front.plan(user);
  front.put(plan);
  const wrapper = ["setpriv", "--clear-groups", ...front.failing(SETGROUPS, EPERM)];
  const result = start(plan, "self", wrapper, ["id", "-G"]);
  expect(result.stdout).toBe(`${NOBODY}\n`);
  expect(result.status).toBe(0);
});

test.each([false, true])(
  "whatever the number of descriptors, the daemon runs in its domain or not at all (attended: %s)",
  (attended) => {
    const plan = front.plan((base) => ({ ...base, attended }));
    front.put(plan);
    const seen = new Set<number>();
    for (let limit = 3; limit <= 24; limit++) {
      const result = start(
        plan,
        "self",
        ["prlimit", `--nofile=${limit}`, "--"],
        ["sh", "-c", "echo ran; grep Seccomp: /proc/self/status"],
      );
      seen.add(result.status ?? -1);
      if (result.ran) expect(result.stdout).toContain("Seccomp:\t2");
      else
        expect(result.stderr).toMatch(
          /cofferdam: .*EMFILE|No file descriptors available|Too many open files|cannot open/,
        );
    }
    expect([...seen].sort()).toEqual(expect.arrayContaining([0, 125]));
  },
);

test("no further process allowed: refused", (context) => {
  needsRoot(context);
  const plan = front.plan();
  front.put(plan, "nobody");
  const result = start(plan, "nobody", ["prlimit", "--nproc=1", "--"]);
  expect(result.stderr).toMatch(
    /start the holder: clone: EAGAIN.*\n {2}help: raise the limit of processes/,
  );
  expect(result.status).toBe(125);
  expect(result.ran).toBe(false);
});

test("a limit of file sizes below the plan's: refused with a message, not ended by SIGXFSZ", () => {
  const plan = front.plan();
  front.put(plan);
  const result = start(plan, "self", ["prlimit", "--fsize=1024", "--"]);
  expect(result.stderr).toMatch(
    /make room for the plan: .*EFBIG.*\n {2}help: raise the limit of file sizes \(ulimit -f\)/,
  );
  expect([result.status, result.signal, result.ran]).toEqual([125, null, false]);
});

test("a domain that may write its own plan is refused", () => {
  const plan = front.plan((base) =>
    landlock({ paths: [{ path: "/", directory: true, rights: 0xffffn }] })(base),
  );
  front.put(plan);
  const result = start(plan, "self", []);
  expect(result.stderr).toMatch(/protect the plan from its own domain/);
  expect([result.status, result.ran]).toEqual([125, false]);
});

test("a command that may not be executed: 126; without its interpreter: 127; missing: 127", () => {
  const plan = front.plan();
  front.put(plan);
  const script = join(front.work, "script");
  rmSync(script, { force: true });
  front.setDist("../work/script", "#!/nowhere/sh\n");
  expect(start(plan, "self", [], [script]).status).toBe(126);
  expect(start(plan, "self", [], ["chmod", "755", script]).status).toBe(0);
  const missing = start(plan, "self", [], [script]);
  expect([missing.status, missing.stderr]).toEqual([
    127,
    expect.stringMatching(/execute the command: .*ENOENT.*\n.*interpreter.*is missing/),
  ]);
  front.setDist("../work/script", "echo without a first line\n");
  const headless = start(plan, "self", [], [script]);
  expect([headless.status, headless.stderr]).toEqual([
    126,
    expect.stringMatching(/ENOEXEC.*\n.*it is not a program/),
  ]);
  const denied = front.plan((base) =>
    landlock({ paths: [{ path: "/etc", directory: true, rights: 12n }] })(base),
  );
  front.put(denied);
  const refused = start(denied, "self", [], ["true"]);
  expect([refused.status, refused.stderr]).toEqual([
    126,
    expect.stringMatching(/execute the command: \/.*true: EACCES/),
  ]);
  const nothing = start(plan, "self", ["env", "PATH=/usr/bin:/bin"], ["no-such-command"]);
  expect([nothing.status, nothing.stderr]).toEqual([
    127,
    expect.stringMatching(/find the command: no-such-command: ENOENT/),
  ]);
});
