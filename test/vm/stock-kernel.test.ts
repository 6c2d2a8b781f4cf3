import * as path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { SHARED_FOLDER } from "../../src/base/modes.ts";
import { wrongAbout } from "../../src/kernel/bpf/lsm/hooks.ts";
import { compileC } from "../support/compile-c.ts";
import { skipUnless } from "../support/skip.ts";
import { attackers } from "./attackers.ts";
import { fillWithAttacks, shares } from "./attacks.ts";
import { bundleTests, testOutcomes } from "./bundle.ts";
import { fillWithClone, fillWithModules } from "./fill.ts";
import { INTERPRETED_NODE } from "./interpreted.ts";
import { clone } from "./kernel.ts";
import { MACHINE_TIMEOUT_MS, machineMissing, runInVm } from "./machine.ts";
import { partOfToday } from "./part-of-today.ts";
import type { MachineOutcome, StepOutcome } from "./work.ts";

/** One boot of Debian's stock kernel for everything below. */
const missing = machineMissing();
let outcome: MachineOutcome | null = null;

const asUser =
  `setpriv --reuid ${attackers.user} --regid ${attackers.user} --clear-groups env ` +
  "HOME=/tmp/home";
const front = path.join(clone, "bin/cofferdam");
/** Compiled: what fetches from its servers is WebAssembly. */
const demo = `node ${path.join(clone, "dist/demo.js")}`;
/** Who shows it. It takes minutes where everything is emulated, so `npm test` has one at a time. */
const demonstrators = partOfToday(["root", "user"], 2);
const demoBy = (who: string, command: string) =>
  demonstrators.includes(who) ? { demo: command } : {};
/** Tests of guest/, bundled in the clone, where they find node_modules. */
const bundles = ["used-capabilities", "cgroup-programs"] as const;
const bundleFile = (name: string) => path.join(clone, `build/vm/${name}.mjs`);

/**
 * Protocols that the stock kernel has as modules: an attack through one that is not there proves
 * nothing.
 */
const modules = ["sctp", "smc", "vsock", "af_alg"];

beforeAll(async () => {
  if (missing !== null) return;
  const fillAttacks = await fillWithAttacks();
  const texts = await Promise.all(
    bundles.map((name) => bundleTests(`import "./guest/${name}.ts";`)),
  );
  outcome = await runInVm(
    {
      kernel: {
        root: {
          modules: `/vm/modprobe -a ${modules.join(" ")}`,
          // As systemd has it.
          ping: "echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range",
          facts: `${front} doctor --json`,
          hooks:
            "/vm/busybox uname -r; " +
            "/vm/busybox tr '\\0' '\\n' < /sys/kernel/btf/vmlinux | " +
            "/vm/busybox grep '^bpf_lsm_[a-z_0-9]*$'",
        },
        bundles: Object.fromEntries(
          bundles.map((name) => [name, `${INTERPRETED_NODE} ${bundleFile(name)}`]),
        ),
      },
      attacks: {
        root: { attacks: `${INTERPRETED_NODE} /vm/attacks-root.mjs` },
        user: { attacks: `${INTERPRETED_NODE} /vm/attacks-user.mjs` },
      },
      restricted: { root: { yama: "echo 1 > /proc/sys/kernel/yama/ptrace_scope" } },
      yama: {
        root: demoBy("root", demo),
        user: {
          sibling: `${asUser} sh /vm/sibling.sh`,
          attended: `${asUser} sh /vm/attended.sh ${front}`,
          ...demoBy("user", `${asUser} ${demo}`),
        },
      },
    },
    (tree) => {
      fillWithClone(tree);
      fillWithModules(tree);
      fillAttacks(tree);
      tree.directory("tmp/home", SHARED_FOLDER);
      for (const name of ["attended.sh", "sibling.sh"])
        tree.copy(path.join(import.meta.dirname, "guest", name), `vm/${name}`);
      const options = ["-O1", "-Wall", "-Werror", "-pthread", "-static"];
      const source = path.join(import.meta.dirname, "../properties/try.c");
      compileC(path.join(tree.folder, "vm/try"), source, options);
      for (const [index, name] of bundles.entries())
        tree.write(bundleFile(name), texts[index] as string);
      for (const name of ["unshare", "nsenter", "mount"]) tree.program(`/usr/bin/${name}`);
      const acts = path.join(import.meta.dirname, "../agent/used-capabilities.c");
      compileC(path.join(tree.folder, "vm/acts"), acts, ["-static"]);
    },
    "one",
  );
}, MACHINE_TIMEOUT_MS);

function step(context: Parameters<typeof skipUnless>[0], name: string): StepOutcome {
  skipUnless(context, missing === null, missing ?? "");
  const found = outcome?.steps.get(name);
  if (found === undefined)
    throw new Error(`the virtual machine did no step ${name}:\n${outcome?.console}`);
  return found;
}

function expectPassed({ output, status }: StepOutcome, titles: readonly string[]): void {
  const outcomes = testOutcomes(output).map(({ title, state }) => `${title}: ${state}`);
  expect(outcomes, output).toEqual(titles.map((title) => `${title}: passed`));
  expect(status, output).toBe(0);
}

test("it is the stock kernel, with the features that a sealed domain needs", (context) => {
  const { output, status } = step(context, "kernel/root/facts");
  expect(status, output).toBe(0);
  const { kernel, features } = JSON.parse(output);
  expect(JSON.stringify(kernel)).toMatch(/deb13-cloud/);
  for (const name of ["landlock-files", "seccomp-notify", "cgroup-inet", "target-access"])
    expect(features[name].state, name).toBe("yes");
});

test("its security hooks are those of the table (src/kernel/bpf/lsm/hooks.ts)", (context) => {
  const [release = "", ...names] = step(context, "kernel/root/hooks").output.trim().split("\n");
  expect(release).toMatch(/^6\.12\./);
  expect(wrongAbout(release, names)).toEqual([]);
});

test("its modules of protocols are there to attack through", (context) => {
  expect(step(context, "kernel/root/modules")).toEqual({ output: "", status: 0 });
});

test("capabilities used at warning are told without a tracepoint", (context) => {
  expectPassed(step(context, "kernel/bundles/used-capabilities"), [
    "the program is attached to the return of the kernel's check",
    "what the policy does not grant is told, what it grants is not, and both work",
    "at enforcing nothing is attached and nothing is told",
    "uses are told after the agent's end, and the domain's end detaches the program",
  ]);
});

test("its verifier accepts every program on a domain's control group", (context) => {
  expectPassed(step(context, "kernel/bundles/cgroup-programs"), [
    "sockets: every program is attached",
    "sockets-and-names: every program is attached",
    "destinations: every program is attached",
  ]);
});

for (const [who, programs] of Object.entries(shares()))
  describe(`attacks as ${who} on the stock kernel`, () => {
    for (const program of programs)
      test(`${program.name}: ${program.title}`, (context) => {
        const { output, status } = step(context, `attacks/${who}/attacks`);
        const title =
          `as ${who} in the domain of the ${program.policy} > ${program.name}: ` +
          `${program.title}`;
        const found = testOutcomes(output).find((test) => test.title === title);
        skipUnless(
          context,
          found?.state !== "skipped",
          `${found?.why} (the stock kernel's attack)`,
        );
        expect(
          found?.state,
          found?.why ?? `the suite ended with status ${status}:\n${output}`,
        ).toBe("passed");
      });
  });

for (const who of demonstrators)
  test(`the demonstration on the stock kernel with ptrace_scope=1, as ${who}`, (context) => {
    const { output, status } = step(context, `yama/${who}/demo`);
    expect(status, output).toBe(0);
    expect(output).toContain("As it should be");
  });

describe("an ordinary user under Yama's ptrace_scope=1", () => {
  test("cannot look into a process that it is no ancestor of", (context) => {
    const { output } = step(context, "yama/user/sibling");
    expect(output).toBe("ancestor: yes\nstranger: no\nsibling: no\n");
  });

  test("starts a domain whose mediator makes, renames, deletes and connects", (context) => {
    const { output, status } = step(context, "yama/user/attended");
    expect(status, output).toBe(0);
    expect(output.split("\n").slice(-10, -1)).toEqual([
      "make /tmp/attended/exact: 0",
      "make /tmp/attended/other: EACCES",
      "rename /tmp/attended/exact /tmp/attended/moved: 0",
      "rename /tmp/attended/moved /tmp/attended/other: EACCES",
      "unlink /tmp/attended/moved: 0",
      "connect /tmp/attended/exact.sock: 0",
      "connect /tmp/attended/other.sock: EACCES",
      "tcp 7777: 0",
      "tcp 7778: EACCES",
    ]);
  });
});
