import fc from "fast-check";
import { expect, test } from "vitest";
import { nothingBeside, policyTable } from "../../src/compile/lsm/policy-table.ts";
import { headLayout, ROW_BYTES } from "../../src/kernel/bpf/lsm/layout.ts";
import { walkName } from "../../src/model/automaton/automaton.ts";
import { buildAutomaton } from "../../src/model/automaton/build.ts";
import { bytesOfName } from "../../src/model/name-bytes.ts";
import { ownRules } from "../../src/model/own-objects.ts";
import { allPermissions, Permission } from "../../src/model/permission.ts";
import type { NameRule } from "../../src/model/rule.ts";

/** Reads a table as bpf/lsm/walk.h does. */
function lookUp(table: Uint8Array, name: string) {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const head = (member: keyof typeof headLayout) => view.getUint32(headLayout[member], true);
  const word = (index: number) => view.getUint32(4 * index, true);
  let state = head("start");
  for (const byte of bytesOfName(name)) {
    state = word(state + (table[headLayout.classes + byte] as number));
    if (state <= head("lastFinal")) break;
  }
  const [said, below] = [0, 1].map((at) =>
    state === 0 ? 0 : word(state + head("classCount") + at),
  ) as [number, number];
  return {
    granted: said & 0xffff,
    own: said >>> 16,
    every: below & 0xffff,
    some: below >>> 16,
  };
}

const rule = (effect: "allow" | "deny", permissions: number, pattern: string): NameRule => ({
  ...{ effect, permissions, pattern },
  source: { file: "test", line: 1, column: 1, text: pattern },
});

const patterns = fc.constantFrom("/a/**", "/a/b", "/a/*.log", "/**", "/a/b/{c,d}", "/?", "/a/b/**");
const anyRule = fc
  .tuple(fc.constantFrom("allow", "deny"), fc.integer({ min: 1, max: allPermissions }), patterns)
  .map(([effect, permissions, pattern]) => rule(effect as "allow", permissions, pattern));
const name = fc
  .array(fc.constantFrom("a", "b", "c", "x.log", "own", "\xff"), { minLength: 1, maxLength: 4 })
  .map((parts) => `/${parts.join("/")}`);

test("a table says what the automaton says, of every name", () => {
  fc.assert(
    fc.property(fc.array(anyRule, { maxLength: 5 }), name, (rules, asked) => {
      const automaton = buildAutomaton(rules);
      const state = walkName(automaton, asked);
      const below = automaton.step(state, 0x2f);
      const table = policyTable(rules, nothingBeside);
      expect(lookUp(table, asked)).toMatchObject({
        granted: automaton.permissions(state),
        own: 0,
      });
      expect(lookUp(table, `${asked}/`)).toMatchObject({
        every: automaton.uniform(below),
        some: automaton.reachable(below),
      });
    }),
    { numRuns: 300 },
  );
});

test("names of Cofferdam's own are denied beside what the policy says of them", () => {
  const table = policyTable(
    [rule("allow", allPermissions, "/**"), ...ownRules(["/own/x"], [])],
    nothingBeside,
  );
  expect(lookUp(table, "/own/x/f")).toMatchObject({ granted: 0, own: allPermissions });
  const { granted, own } = lookUp(table, "/own");
  expect(granted & own).toBe(0);
  expect(own & Permission.delete).not.toBe(0);
  expect(own & Permission.read).toBe(0);
  expect(lookUp(table, "/owner")).toMatchObject({ granted: allPermissions, own: 0 });
});

const jit = { effect: "allow", token: "jit", source: rule("allow", 0, "jit").source } as const;

test("the same rules give the same bytes, in whole rows", () => {
  const rules = [rule("allow", Permission.read, "/a/**"), rule("allow", Permission.map, "/a/b")];
  const table = policyTable(rules, { ...nothingBeside, memory: [jit] });
  expect(policyTable([...rules].reverse(), { ...nothingBeside, memory: [jit] })).toEqual(table);
  expect(table.length % ROW_BYTES).toBe(0);
  expect(new DataView(table.buffer, table.byteOffset).getUint32(headLayout.words, true)).toBe(1);
});
