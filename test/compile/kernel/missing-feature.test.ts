import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { probeHost } from "../../../src/kernel/probe/host-facts.ts";
import { number } from "../../../src/kernel/syscalls.ts";
import { Domain, front, type Outcome } from "../../properties/domain.ts";
import { Server } from "../../properties/server.ts";
import { users } from "../../properties/users.ts";
import { compileC } from "../../support/compile-c.ts";
import { needsFeature, skipUnless } from "../../support/skip.ts";

/**
 * What makes a feature fail as on a kernel that lacks it: `CALL`, or `CALL:ARGUMENT:MASK`, and the
 * error; see fail-syscall.c.
 */
type Without = readonly [errno: number, call: string, argument?: string];
const [ENOSYS, EINVAL, EPERM, EBUSY, EOPNOTSUPP] = [38, 22, 1, 16, 95];

/** A user id that no one has, and that is not the overflow id of user namespaces. */
const ORDINARY = 12_345;

const NEW_LISTENER = ":1:0x8";
const WAIT_KILLABLE = ":1:0x20";
const NEWIPC = ":0:0x8000000";
const NOEXEC_SEAL = ":1:0x8";
/** _IOW('!', 3, struct seccomp_notif_addfd) and _IOW('!', 4, u64), include/uapi/linux/seccomp.h. */
const [ADDFD, SET_FLAGS] = [":1:=0x40182103", ":1:=0x40082104"];

const stops: readonly { readonly feature: string; readonly without: Without }[] = [
  { feature: "landlock-files", without: [ENOSYS, "landlock_create_ruleset"] },
  { feature: "landlock-files", without: [EOPNOTSUPP, "landlock_create_ruleset"] },
  { feature: "seccomp-notify", without: [EINVAL, "seccomp", NEW_LISTENER] },
  { feature: "seccomp-notify", without: [EBUSY, "seccomp", NEW_LISTENER] },
  { feature: "seccomp-wait-killable", without: [EINVAL, "seccomp", WAIT_KILLABLE] },
  { feature: "openat2", without: [ENOSYS, "openat2"] },
];

describe.each(users)("on a host that lacks something, for $who", ({ uid }) => {
  let scene: Domain;
  let fail: string;
  let rest = 0;
  beforeAll(() => {
    scene = new Domain(uid);
    fail = scene.at("fail");
    compileC(fail, path.join(import.meta.dirname, "../../kernel/fail-syscall.c"), ["-O1"]);
  });
  afterAll(() => scene.close());

  const wrap = ([errno, call, argument = ""]: Without) => ({
    wrap: [fail, String(errno), `${number(call)}${argument}`, "--"],
  });

  /**
   * A policy of its own for every case, so that no ready plan was made where nothing was missing.
   */
  function write(
    lines: { files?: readonly string[]; syscalls?: string; rest?: string } = {},
  ): void {
    fs.rmSync(`${scene.home}/shared/exact`, { force: true });
    scene.writePolicy({ ...lines, rest: `${lines.rest ?? ""}# ${rest++}\n` });
  }

  function run(
    lines: readonly string[],
    without: Without,
  ): Outcome & { readonly words: readonly string[] } {
    const outcome = scene.run([scene.try], { ...wrap(without), input: `${lines.join("\n")}\n` });
    return { ...outcome, words: outcome.out.trim().split("\n") };
  }

  test.each([...stops])(
    "without $feature ($without): no domain starts, and it says what is missing",
    ({ feature, without }) => {
      write();
      const { status, out, err } = run([`read ${scene.home}/granted/file`], without);
      expect({ status, out }).toEqual({ status: 125, out: "" });
      expect(err).toContain("CFD3003");
      expect(err).toContain(feature);
    },
  );

  test("without pidfd_getfd: no socket is brokered, and that is said", (context) => {
    skipUnless(context, uid !== 0, "root's sockets are held by the kernel");
    write({ rest: "network: [connect tcp 127.0.0.1:1]\n" });
    const { status, err } = run([], [ENOSYS, "pidfd_getfd"]);
    expect({ status, codes: err.match(/CFD\d+/g) }).toEqual({
      status: 125,
      codes: expect.arrayContaining(["CFD3003"]),
    });
    write({ rest: "network: [connect tcp 127.0.0.1:1]\nbest-effort: [addresses]\n" });
    const { words, err: said } = run(
      ["tcp 1", `read ${scene.home}/granted/file`],
      [ENOSYS, "pidfd_getfd"],
    );
    expect(words, said).toEqual([expect.stringMatching(/^E(ACCES|PERM|AFNOSUPPORT)$/), "0"]);
    expect(said).toMatch(/CFD3004[\s\S]*target-access/);
  });

  test("without ADDFD: files that the broker would open are refused and said", () => {
    write();
    const { words, err } = run(
      [`make ${scene.home}/shared/exact`, `read ${scene.home}/granted/file`],
      [EINVAL, "ioctl", ADDFD],
    );
    expect(words).toEqual([expect.stringMatching(/^E/), "0"]);
    expect(err).toMatch(/CFD3004[\s\S]*seccomp-addfd/);
  });

  test("without memory files that cannot be executed: memfd_create is refused and said", () => {
    write({ syscalls: ", memfd_create", rest: "memory: [memfd]\n" });
    const { words, err } = run(
      ["memfd x", `read ${scene.home}/granted/file`],
      [EINVAL, "memfd_create", NOEXEC_SEAL],
    );
    expect(words).toEqual([expect.stringMatching(/^E(INVAL|ACCES|PERM|NOSYS)$/), "0"]);
    expect(err).toMatch(/CFD3004[\s\S]*memfd-noexec/);
  });

  test("without the synchronous wake-up: slower, and nothing else", () => {
    write();
    const lines = [
      `make ${scene.home}/shared/exact`,
      `unlink ${scene.home}/shared/exact`,
      `read ${scene.home}/secret/file`,
    ];
    const { words, err } = run(lines, [EINVAL, "ioctl", SET_FLAGS]);
    expect(words).toEqual(["0", "0", "EACCES"]);
    expect(err).not.toContain("CFD");
  });

  test("without bpf(2): the broker holds addresses", async (context) => {
    skipUnless(context, uid === 0, "an ordinary user has none of it anyway");
    needsFeature(context, probeHost(), "cgroup-inet");
    const server = new Server(scene.at("outside.sock"));
    const { port } = await server.open();
    write({ rest: `network: [connect tcp 127.0.0.1:${port}]\n` });
    const { words, err } = run(
      [`tcp ${port}`, `tcp ${port === 1 ? 2 : port - 1}`, `udp ${port}`],
      [EPERM, "bpf"],
    );
    expect(words, err).toEqual(["0", "EACCES", expect.stringMatching(/^E(ACCES|PERM)$/)]);
    const { out: shown, err: said } = scene.cofferdam(
      ["plan", "--policy", scene.policy],
      wrap([EPERM, "bpf"]),
    );
    expect(shown, said).toMatch(/connect/);
    expect(shown).not.toBe(scene.cofferdam(["plan", "--policy", scene.policy]).out);
    await server.close();
  });

  test("without an IPC namespace: refused, or named as lost with best effort", (context) => {
    skipUnless(context, uid === 0, "an ordinary user gets no IPC namespace");
    const without: Without = [EPERM, "unshare", NEWIPC];
    write({ rest: "ipc: [shm]\n" });
    expect(run(["shm 0"], without)).toMatchObject({
      status: 125,
      err: expect.stringMatching(/CFD3003[\s\S]*best-effort: \[ipc\]/),
    });
    write({ rest: "ipc: [shm]\nbest-effort: [ipc]\n" });
    const { words, err } = run(["shm 0", `read ${scene.home}/granted/file`], without);
    expect(words).toEqual([expect.stringMatching(/^E(PERM|ACCES|NOSYS)$/), "0"]);
    expect(err).toMatch(/CFD3004[\s\S]*private-ipc/);
    expect(scene.cofferdam(["plan", "--policy", scene.policy], wrap(without)).out).toMatch(/ipc/);
  });
});

test("without root in a user namespace the folders above a policy are refused", (context) => {
  // Not `nobody`: every unmapped owner appears as that user.
  const scene = new Domain(process.getuid?.() === 0 ? ORDINARY : process.getuid?.());
  onTestFinished(() => scene.close());
  const namespace = ["unshare", "--user", "--map-current-user"];
  skipUnless(
    context,
    scene.outside([...namespace, "true"]).status === 0,
    "an ordinary user gets no user namespace here",
  );
  scene.writePolicy();
  const { status, out, err } = scene.outside([
    ...namespace,
    front,
    "run",
    "--policy",
    scene.policy,
    "--",
    scene.try,
  ]);
  expect({ status, out }).toEqual({ status: 125, out: "" });
  expect(err).toContain("CFD1008");
});
