import { describe, expect, test } from "vitest";
import { buildSealedFilter, sealedVerdict } from "../../../src/compile/seccomp/sealed-filter.ts";
import { all, name, number } from "../../../src/kernel/syscalls.ts";
import { brokering, empty, permissive, strict } from "./contexts.ts";
import { run } from "./interpreter.ts";
import { judge, spell, X86_64 } from "./judge.ts";
import { evaluate, interestingValues } from "./verdict-model.ts";

const contexts = {
  permissive,
  strict,
  brokering,
  empty,
  "without a listener": { ...strict, listener: false },
};
const GARBAGE = 0xdeadbeef00000000n;

describe.each(Object.entries(contexts))("filter for a domain that is %s", (_, context) => {
  const filter = buildSealedFilter(context);

  test("says of every call, at every argument at which it may turn, what the table says", {
    timeout: 90_000,
  }, () => {
    for (const call of all()) {
      const verdict = sealedVerdict(call, context);
      const values = [...new Set([0n, 1n, 0xffffffffn, ...interestingValues(verdict)])];
      for (const value of values) {
        for (const other of values.length > 12 ? [0n, 2n] : values) {
          for (const garbage of [0n, GARBAGE]) {
            for (let argument = 0; argument < 6; argument++) {
              const args = Array.from({ length: 6 }, (_, index) =>
                index === argument ? value | garbage : other,
              );
              const data = { nr: number(call) ?? -1, arch: X86_64, args };
              expect(`${call}(${args}): ${spell(run(filter, data))}`).toBe(
                `${call}(${args}): ${evaluate(verdict, args, context)}`,
              );
            }
          }
        }
      }
    }
  });

  test("says ENOSYS to every number without a name", () => {
    for (let nr = 0; nr < 4096; nr++)
      if (name(nr) === null) expect(judge(context, nr)).toBe("errno 38");
    for (const nr of [0x3fffffff, 100_000]) expect(judge(context, nr)).toBe("errno 38");
  });

  test("keeps foreign architectures and the x32 table out before anything else", () => {
    const refused = context.listener ? "notify" : "errno 38";
    for (const call of all()) {
      const nr = number(call) ?? -1;
      expect(judge(context, nr, [], 0x40000003)).toBe(refused);
      expect(judge(context, nr | 0x40000000)).toBe(refused);
    }
    expect(judge(context, -1)).toBe(refused);
  });

  test("is small enough for the kernel, and the same every time", () => {
    expect(filter.byteLength / 8).toBeLessThan(1500);
    expect(buildSealedFilter(context)).toEqual(filter);
  });
});
