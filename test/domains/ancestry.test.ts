import { expect, test } from "vitest";
import { Ancestry } from "../../src/domains/ancestry.ts";
import type { Run } from "../../src/domains/runs.ts";

const run: Run = {
  domain: "tool",
  number: null,
  mode: "sealed",
  level: "enforcing",
  start: 50n,
  holder: 20,
  holderStart: 49n,
  live: false,
  policy: null,
  pid: 10,
  holderState: "alive",
  daemonState: "alive",
  owner: 1000,
};

const mine = () => ({ uid: 1000, filtered: false });

function family(...lines: readonly (readonly [pid: number, parent: number, start: number])[]) {
  return new Map(lines.map(([pid, parent, start]) => [pid, { parent, start: BigInt(start) }]));
}

const processes = family(
  [1, 0, 0],
  [5, 1, 30],
  [10, 5, 50],
  [11, 10, 60],
  [12, 11, 70],
  [20, 10, 49],
  [21, 20, 80],
  [30, 5, 55],
);

test("a daemon and all below it are the domain's, but for the holder and what it started", () => {
  const ancestry = new Ancestry(processes, [run], mine);
  const member = { domain: "tool", number: null, run: 10 };
  for (const pid of [12, 11, 10, 12]) expect(ancestry.of(pid)).toEqual(member);
  for (const pid of [1, 5, 20, 21]) expect(ancestry.of(pid)).toBe("superDom");
});

test("a process id given again makes nobody a member", () => {
  const later = new Map([...processes, [10, { parent: 5, start: 90n }] as const]);
  // 11 is older than the process that has id 10 now.
  expect(new Ancestry(later, [run], mine).of(11)).toBe("superDom");
  expect(new Ancestry(later, [run], mine).of(10)).toBe("superDom");
});

test("a torn reading with parents in a circle comes to an end", () => {
  const circle = family([2, 3, 60], [3, 2, 60]);
  expect(new Ancestry(circle, [run], mine).of(2)).toBe("superDom");
});

test("a filtered orphan younger than its user's daemon is unknown; others are outside", () => {
  const orphan = new Map([
    ...processes,
    [40, { parent: 1, start: 99n }],
    [41, { parent: 1, start: 40n }],
  ]);
  const of = (pid: number, uid: number, filtered: boolean) =>
    new Ancestry(orphan, [run], () => ({ uid, filtered })).of(pid);
  expect(of(40, 1000, true)).toBe("unknown");
  expect(of(40, 1000, false)).toBe("superDom");
  expect(of(40, 1001, true)).toBe("superDom");
  expect(of(41, 1000, true)).toBe("superDom");
  expect(new Ancestry(orphan, [run], () => null).of(40)).toBe("superDom");
});

test("nobody's record can put the processes of others into a domain", () => {
  const lie = { ...run, pid: 5, start: 30n, domain: "nginx" };
  const owners = new Map([[12, 0]]);
  const ancestry = new Ancestry(processes, [lie], (pid) => ({
    uid: owners.get(pid) ?? 1000,
    filtered: false,
  }));
  expect(ancestry.of(11)).toEqual({ domain: "nginx", number: null, run: 5 });
  expect(ancestry.of(12)).toBe("superDom");
  expect(ancestry.of(1)).toBe("superDom");
});

test("a lie about daemon or holder takes nothing from a record that is true", () => {
  const identities = () => ({ uid: 1000, filtered: false });
  const lies = [
    { ...run, owner: 1001, domain: "lie" },
    { ...run, owner: 1001, pid: 99, start: 1n, holder: 10, holderStart: 50n },
  ];
  expect(new Ancestry(processes, [run, ...lies], identities).of(12)).toEqual({
    domain: "tool",
    number: null,
    run: 10,
  });
});
