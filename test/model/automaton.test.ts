import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Automaton, walk } from "../../src/model/automaton/automaton.ts";
import {
  AutomatonFormatError,
  decodeAutomaton,
  encodeAutomaton,
} from "../../src/model/automaton/binary.ts";
import { buildAutomaton, UnreadablePattern } from "../../src/model/automaton/build.ts";
import { AutomatonTooLarge } from "../../src/model/automaton/too-large.ts";
import { bytesOfName } from "../../src/model/name-bytes.ts";
import { coverage, parsePattern } from "../../src/model/pattern.ts";
import { Permission, type PermissionSet } from "../../src/model/permission.ts";
import type { NameRule } from "../../src/model/policy.ts";
import { anyBytes, nameRules } from "./helpers/arbitraries.ts";
import { names } from "./helpers/policy.ts";

const { read, write, create, delete: remove } = Permission;

function permissions(automaton: Automaton, name: string | Uint8Array): PermissionSet {
  return automaton.permissions(
    walk(automaton, typeof name === "string" ? bytesOfName(name) : name),
  );
}

/** The same by the patterns themselves. */
function direct(rules: readonly NameRule[], name: Uint8Array): PermissionSet {
  const sides = { allow: 0, deny: 0 };
  for (const rule of rules) {
    const parsed = parsePattern(rule.pattern);
    if ("problem" in parsed) throw new Error(rule.pattern);
    sides[rule.effect] |= coverage(parsed.pattern, name) & rule.permissions;
  }
  return sides.allow & ~sides.deny;
}

const below = (automaton: Automaton, directory: string) =>
  walk(automaton, bytesOfName(`${directory}/`));

/** One byte of each class, `/` aside. */
function representatives({ table }: Automaton): number[] {
  const bytes = new Map<number, number>();
  for (let byte = 0; byte < 256; byte++) {
    const index = table.classOf[byte] as number;
    if (byte !== 0x2f && !bytes.has(index)) bytes.set(index, byte);
  }
  return [...bytes.values()];
}

/** Permissions of every continuation of at most `length` bytes that makes a name below `state`. */
function continuations(automaton: Automaton, state: number, length: number): PermissionSet[] {
  const bytes = representatives(automaton);
  const sets: PermissionSet[] = [];
  const visit = (at: number, left: number, within: boolean) => {
    if (within) sets.push(automaton.permissions(at));
    if (left === 0) return;
    for (const byte of bytes) visit(automaton.step(at, byte), left - 1, true);
    if (within) visit(automaton.step(at, 0x2f), left - 1, false);
  };
  visit(state, length, false);
  return sets;
}

describe("the automaton", () => {
  test("agrees with the patterns on generated policies and names, random bytes included", () => {
    fc.assert(
      fc.property(
        nameRules,
        fc.array(anyBytes, { minLength: 5, maxLength: 20 }),
        (rules, samples) => {
          const automaton = buildAutomaton(rules);
          for (const name of samples)
            expect(permissions(automaton, name)).toBe(direct(rules, name));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("deny takes its bits away, whatever the order", () => {
    const rules = names("rw /a/**", "deny w /a/x", "deny r /a/y/**");
    for (const order of [rules, [...rules].reverse()]) {
      const automaton = buildAutomaton(order);
      expect(permissions(automaton, "/a/x")).toBe(read);
      expect(permissions(automaton, "/a/y/z")).toBe(write);
      expect(permissions(automaton, "/a/z")).toBe(read | write);
      expect(permissions(automaton, "/b")).toBe(0);
    }
  });

  test("order of rules and duplicates never matter, down to the bytes", () => {
    fc.assert(
      fc.property(nameRules, fc.infiniteStream(fc.nat()), (rules, numbers) => {
        const shuffled = [...rules, ...rules.slice(0, 2)]
          .map((rule) => ({ rule, key: numbers.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ rule }) => rule);
        expect(encodeAutomaton(buildAutomaton(shuffled))).toEqual(
          encodeAutomaton(buildAutomaton(rules)),
        );
      }),
    );
  });

  test("equal meaning gives equal bytes, however it is written", () => {
    const bytes = (...lines: string[]) => encodeAutomaton(buildAutomaton(names(...lines)));
    expect(bytes("r /{a,b}/c")).toEqual(bytes("r /a/c", "r /b/c"));
    expect(bytes("r /[ab]")).toEqual(bytes("r /a /b"));
    expect(bytes("rw /a", "deny w /a")).toEqual(bytes("r /a"));
    expect(bytes("r /a/**", "r /a/b/c")).toEqual(bytes("r /a/**"));
    expect(bytes("r /a", "deny r /**")).toEqual(bytes());
    expect(bytes("r /a/**")).not.toEqual(bytes("w /a/**"));
  });

  test("is minimal: no equal states, no unreachable state, no equal classes", () => {
    fc.assert(
      fc.property(nameRules, (rules) => {
        const { table } = buildAutomaton(rules);
        const row = (state: number) => [
          ...table.next.subarray(state * table.classCount, (state + 1) * table.classCount),
        ];
        let block = [...table.permissions].map(String);
        for (let count = 0; count !== new Set(block).size; ) {
          count = new Set(block).size;
          block = block.map(
            (own, state) =>
              `${own}|${row(state)
                .map((target) => block[target])
                .join()}`,
          );
          const numbers = new Map([...new Set(block)].map((text, index) => [text, String(index)]));
          block = block.map((text) => numbers.get(text) as string);
        }
        expect(new Set(block).size).toBe(table.stateCount);
        const reached = new Set([table.start]);
        for (const state of reached) for (const target of row(state)) reached.add(target);
        expect(new Set([0, ...reached]).size).toBe(table.stateCount);
        const columns = row(0).map((_, index) =>
          [...Array(table.stateCount).keys()].map((state) => row(state)[index]).join(),
        );
        expect(new Set(columns).size).toBe(table.classCount);
      }),
    );
  });

  test("grants nothing when there is no rule", () => {
    const automaton = buildAutomaton([]);
    expect(automaton.dead(automaton.start)).toBe(true);
    expect(permissions(automaton, "/")).toBe(0);
  });

  test("refuses a pattern that cannot be read", () => {
    expect(() => buildAutomaton(names("r /a/"))).toThrow(UnreadablePattern);
  });

  test("refuses rules that explode instead of taking the memory for them", () => {
    const holes = `/*a${"?".repeat(24)}`;
    expect(() => buildAutomaton(names(`r ${holes}`))).toThrow(AutomatonTooLarge);
  });

  test("many patterns that end in `**` do not multiply the states", () => {
    const lines = Array.from(
      { length: 40 },
      (_, i) => `${i % 3 === 0 ? "deny w" : "rw"} /**/x${i}/**`,
    );
    const automaton = buildAutomaton(names(...lines));
    expect(permissions(automaton, "/a/x1/b")).toBe(read | write);
    expect(permissions(automaton, "/a/x1/b/x3/c")).toBe(read);
    expect(automaton.table.stateCount).toBeLessThan(2_000);
  });

  test("10,000 rules are built, and the size follows the rules", () => {
    const lines = (count: number) =>
      Array.from(
        { length: count },
        (_, i) => `${i % 2 === 0 ? "r" : "rw"} /srv/data/app${(i * 7919) % 10007}/file${i}.conf`,
      );
    const small = buildAutomaton(names(...lines(1_000), "deny r /**/.ssh/**"));
    const large = buildAutomaton(names(...lines(10_000), "deny r /**/.ssh/**"));
    expect(large.table.stateCount).toBeLessThan(small.table.stateCount * 12);
    expect(permissions(large, "/srv/data/app7919/file1.conf")).toBe(read | write);
    expect(permissions(large, "/srv/data/app7919/file2.conf")).toBe(0);
  });
});

describe("what holds below a directory", () => {
  test("uniform, reachable and homogeneous, by example", () => {
    const automaton = buildAutomaton(
      names("rwcd /a/**", "r /b/**", "w /b/*", "r /c/*", "rw /d/**", "deny w /d/x", "cd /e/x/**"),
    );
    const a = below(automaton, "/a");
    expect([automaton.uniform(a), automaton.reachable(a)]).toEqual([15, 15]);
    expect(automaton.homogeneous(a)).toBe(true);
    const b = below(automaton, "/b");
    expect([automaton.uniform(b), automaton.reachable(b), automaton.homogeneous(b)]).toEqual([
      read,
      read | write,
      false,
    ]);
    const c = below(automaton, "/c");
    expect([automaton.uniform(c), automaton.reachable(c)]).toEqual([0, read]);
    const d = below(automaton, "/d");
    expect([automaton.uniform(d), automaton.reachable(d), automaton.homogeneous(d)]).toEqual([
      read,
      read | write,
      false,
    ]);
    expect(automaton.homogeneous(below(automaton, "/d/x"))).toBe(true);
    expect(automaton.reachable(below(automaton, "/nothing"))).toBe(0);
    expect(automaton.creatable(a)).toBe(create | remove);
    expect(automaton.creatable(b)).toBe(0);
    expect(automaton.creatable(below(automaton, "/e"))).toBe(create | remove);
    expect(automaton.uniform(automaton.step(automaton.start, 0x2f))).toBe(0);
  });

  test("uniform, reachable and homogeneous hold for each short continuation, not less", () => {
    let exact = 0;
    fc.assert(
      fc.property(
        nameRules,
        fc.constantFrom("", "/a", "/b", "/ab", "/a/b", "/x"),
        (rules, directory) => {
          const automaton = buildAutomaton(rules);
          const state = below(automaton, directory);
          const length = representatives(automaton).length <= 4 ? 6 : 4;
          const sets = continuations(automaton, state, length);
          const some = sets.reduce((all, set) => all | set, 0);
          const every = sets.reduce((all, set) => all & set, 0xffff);
          expect(some & ~automaton.reachable(state)).toBe(0);
          expect(automaton.uniform(state) & ~every).toBe(0);
          if (automaton.homogeneous(state)) expect(new Set(sets).size).toBe(1);
          // A shortest witness visits no state twice within or at the beginning of a component.
          if (automaton.table.stateCount > length / 2 + 1) return;
          exact++;
          expect([automaton.reachable(state), automaton.uniform(state)]).toEqual([some, every]);
          expect(automaton.homogeneous(state)).toBe(new Set(sets).size === 1);
        },
      ),
      { numRuns: 400 },
    );
    expect(exact).toBeGreaterThan(20);
  });
});

describe("the binary form", () => {
  test("decoding what was encoded is the identity", () => {
    fc.assert(
      fc.property(nameRules, (rules) => {
        const automaton = buildAutomaton(rules);
        const bytes = encodeAutomaton(automaton);
        const decoded = decodeAutomaton(bytes);
        expect(decoded.table).toEqual(automaton.table);
        expect(encodeAutomaton(decoded)).toEqual(bytes);
      }),
    );
  });

  test("is what docs/automaton.md says, byte for byte", () => {
    const bytes = encodeAutomaton(buildAutomaton(names("rw /")));
    const view = new DataView(bytes.buffer);
    expect(Buffer.from(bytes.subarray(0, 4)).toString()).toBe("CFDA");
    expect(view.getUint16(4, true)).toBe(1);
    const [classes, states, start] = [
      view.getUint16(6, true),
      view.getUint32(8, true),
      view.getUint32(12, true),
    ];
    expect([classes, states, start]).toEqual([2, 3, 1]);
    expect([view.getUint32(16, true), view.getUint32(20, true)]).toEqual([288, 288 + 24]);
    expect(view.getUint32(24, true)).toBe(bytes.length);
    expect(bytes[32 + 0x2f]).toBe(1);
    expect(view.getUint32(288 + (start * classes + 1) * 4, true)).toBe(2);
    expect(view.getUint16(312 + 2 * 2, true)).toBe(read | write);
  });

  test("a view into a larger, unaligned buffer is read as well", () => {
    const bytes = encodeAutomaton(buildAutomaton(names("r /a/**")));
    const larger = new Uint8Array(bytes.length + 9).fill(0xff);
    larger.set(bytes, 3);
    expect(encodeAutomaton(decodeAutomaton(larger.subarray(3, 3 + bytes.length)))).toEqual(bytes);
  });

  const whole = encodeAutomaton(
    buildAutomaton(names("rw /a/*.log", "deny w /a/x.log", "connect unix @b")),
  );

  test("every truncation and every addition is refused", () => {
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeAutomaton(whole.subarray(0, length))).toThrow(AutomatonFormatError);
    }
    expect(() => decodeAutomaton(Uint8Array.from([...whole, 0]))).toThrow(AutomatonFormatError);
  });

  test.each([
    ["magic number", 0, 0x58],
    ["version", 4, 2],
    ["no classes", 6, 0],
    ["too many classes", 7, 2],
    ["no states", 8, 0],
    ["too many states", 11, 0xff],
    ["start out of range", 15, 1],
    ["offset of the table", 16, 0],
    ["reserved field", 28, 1],
    ["class out of range", 32, 0xff],
    ["dead state that leads on", 288, 1],
    ["state out of range", 288 + 43, 1],
  ])("%s is refused", (_, offset, value) => {
    const bytes = whole.slice();
    bytes[offset] = value;
    expect(() => decodeAutomaton(bytes)).toThrow(AutomatonFormatError);
  });

  test("granting dead states, unknown permission bits and non-zero padding are refused", () => {
    const at = new DataView(whole.buffer).getUint32(20, true);
    for (const [offset, value] of [
      [0, 1],
      [3, 0x80],
    ] as const) {
      const bytes = whole.slice();
      bytes[at + offset] = value;
      expect(() => decodeAutomaton(bytes)).toThrow(AutomatonFormatError);
    }
    const odd = encodeAutomaton(buildAutomaton(names("r /")));
    odd[odd.length - 1] = 1;
    expect(() => decodeAutomaton(odd)).toThrow(AutomatonFormatError);
  });

  test("hostile bytes never crash the decoder or lead a walk out of the table", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }),
        anyBytes,
        (edits, name) => {
          const bytes = whole.slice();
          for (const [at, value] of edits) bytes[at] = value;
          let automaton: Automaton;
          try {
            automaton = decodeAutomaton(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(AutomatonFormatError);
            return;
          }
          const state = walk(automaton, name);
          expect(state).toBeLessThan(automaton.table.stateCount);
          expect(automaton.uniform(state) & ~automaton.reachable(state) & 0).toBe(0);
        },
      ),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(() => decodeAutomaton(bytes)).toThrow(AutomatonFormatError);
      }),
    );
  });
});
