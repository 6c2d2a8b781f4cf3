import fc from "fast-check";
import { expect, test } from "vitest";
import { buildKernelFilter } from "../../../src/compile/seccomp/kernel-filter.ts";
import { all, number } from "../../../src/kernel/syscalls.ts";
import { systemCall } from "../../../src/kernel/system-calls/table.ts";
import { syscalls } from "../../../src/kinds/syscalls/model.ts";
import { deniedTokens, granted } from "../../../src/model/granted.ts";
import type { TokenRule } from "../../../src/model/rule.ts";
import { run } from "./interpreter.ts";
import { spell, X86_64 } from "./judge.ts";

const [EPERM, ENOSYS] = ["errno 1", "errno 38"];
/** What the launcher needs behind the filter, and what the kernel calls for a process. */
const always = new Set([
  ...["close", "write", "exit", "exit_group", "execve"],
  ...["rt_sigreturn", "restart_syscall", "uretprobe", "uprobe"],
]);
/** Calls that a word of `ipc` grants, which the kernel's hooks hold. */
const byWord = (name: string) => systemCall(name)?.class === "ipc";

const names = [...all()];
const rule = (token: string, effect: "allow" | "deny"): TokenRule => ({
  ...{ effect, token },
  source: { file: "test", line: 1, column: 1, text: token },
});
const rules = fc.array(
  fc.tuple(fc.constantFrom(...names), fc.constantFrom("allow" as const, "deny" as const)),
  { maxLength: 60 },
);

function answer(filter: Uint8Array, nr: number, arch = X86_64): string {
  // No register counts.
  return spell(run(filter, { nr, arch, args: [0n, 1n, ~0n & 0xffffn, 2n, 3n, 4n] }));
}

test("the filter refuses what `decide()` denies as a system call, and nothing else", () => {
  fc.assert(
    fc.property(rules, (written) => {
      const policy = written.map(([token, effect]) => rule(token, effect));
      const filter = buildKernelFilter({ listed: granted(policy), denied: deniedTokens(policy) });
      for (const name of names) {
        const { outcome } = syscalls.decide(policy, { class: "syscall", name }, "");
        const isDenied = written.some(([token, effect]) => token === name && effect === "deny");
        const allowed = outcome === "granted" || always.has(name) || (byWord(name) && !isDenied);
        const said = answer(filter, number(name) ?? -1);
        if (allowed) expect(said, name).toBe("allow");
        else expect([EPERM, ENOSYS], name).toContain(said);
      }
    }),
    { numRuns: 30 },
  );
});

test("other tables of calls, and calls that are newer than the table, are absent", () => {
  const everything = { listed: new Set(names), denied: new Set<string>() };
  const filter = buildKernelFilter(everything);
  const I386 = 0x40000003;
  expect(answer(filter, 1, I386)).toBe(ENOSYS);
  expect(answer(filter, 0x40000000 | 1)).toBe(ENOSYS);
  expect(answer(filter, 4000)).toBe(ENOSYS);
  expect(answer(filter, number("clone3") ?? -1)).toBe("allow");
  expect(
    answer(buildKernelFilter({ ...everything, listed: new Set() }), number("clone3") ?? -1),
  ).toBe(ENOSYS);
});
