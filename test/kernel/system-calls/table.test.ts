import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sealedVerdict } from "../../../src/compile/seccomp/sealed-filter.ts";
import {
  type SupervisedContext,
  supervisedVerdict,
} from "../../../src/compile/seccomp/supervised-filter.ts";
import { ENOSYS } from "../../../src/kernel/constants.ts";
import { all, number } from "../../../src/kernel/syscalls.ts";
import { classOf } from "../../../src/kernel/system-calls/classes.ts";
import {
  systemCall,
  systemCallOf,
  systemCalls,
  wordUsesOf,
} from "../../../src/kernel/system-calls/table.ts";
import {
  answersIn,
  answerTo,
  type Registers,
  type Verdict,
} from "../../../src/kernel/system-calls/verdict.ts";
import { everyWord, noWords } from "../../../src/kinds/model.ts";
import { brokering, permissive, strict } from "../../compile/seccomp/contexts.ts";
import { leftOpen, reaching } from "../../compile/seccomp/reaching-calls.ts";
import { skipUnless } from "../../support/skip.ts";
import { leaves } from "./leaves.ts";

const names = systemCalls.map(({ name }) => name);
const header = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h";
/** Calls of which a sealed domain's filter asks more than whether they are listed. */
const special = systemCalls
  .filter(({ name, sealed }) => sealed !== null || wordUsesOf(name).length > 0)
  .map(({ name }) => name);
const silent = ["plain", "unmediated-name", "untouchable"];

/** Every call is listed, so that only rows and words decide. */
const nothingGranted: SupervisedContext = {
  listed: new Set(all()),
  denied: new Set(),
  words: noWords,
  destinationsHeld: false,
};

const registers = (words: readonly bigint[]): Registers => ({
  word: (argument) => words[argument] ?? 0n,
  unsigned: (argument) => Number((words[argument] ?? 0n) & 0xffffffffn),
});

test("every system call has exactly one class", () => {
  expect(all().filter((name) => !names.includes(name))).toEqual([]);
  expect(names.filter((name) => number(name) === null)).toEqual([]);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test("a row is found by the number in a register, and no number without a call has one", () => {
  for (const call of systemCalls) expect(systemCallOf(number(call.name) ?? -1)).toBe(call);
  for (const nr of [-1, 0.5, 400, 600, 0x3fffffff, 2 ** 32]) expect(systemCallOf(nr)).toBeNull();
});

test("a call that a sealed domain's filter says is absent is absent in its row", () => {
  const saidToBe = special.filter((call) =>
    answersIn(sealedVerdict(call, permissive)).some(
      (answer) =>
        (answer.kind === "errno" && answer.errno === ENOSYS) ||
        (answer.kind === "notify" && answer.without === ENOSYS),
    ),
  );
  expect(saidToBe).toEqual(expect.arrayContaining(["clone3", "io_uring_setup"]));
  expect(saidToBe.filter((call) => systemCall(call)?.absent !== true)).toEqual([]);
});

test("the headers of this machine know no call that the table forgot", (context) => {
  skipUnless(context, existsSync(header), "the kernel's headers are not installed");
  const newest = Math.max(...all().map((name) => number(name) ?? 0));
  const listed = [...readFileSync(header, "utf8").matchAll(/^#define __NR_(\w+) (\d+)$/gm)];
  const known = listed.filter(([, , nr]) => Number(nr) <= newest).map(([, name]) => name ?? "");
  expect(known.length).toBeGreaterThan(300);
  expect(known.filter((name) => systemCall(name) === null)).toEqual([]);
});

test.each(Object.entries(reaching))(
  "what reaches %s is mediated, or left open by name",
  (_, calls) => {
    const forgotten = calls.filter(
      (call) => silent.includes(systemCall(call)?.class ?? "") && !Object.hasOwn(leftOpen, call),
    );
    expect(forgotten).toEqual([]);
  },
);

test("no call that a sealed domain asks about or refuses is silent here", () => {
  const asks = (verdict: Verdict): boolean =>
    answersIn(verdict).some(({ kind }) => kind === "notify");
  const asked = special.filter((call) =>
    [permissive, strict, brokering].some((context) =>
      asks(sealedVerdict(call, { ...context, words: everyWord })),
    ),
  );
  expect(asked.length).toBeGreaterThan(100);
  expect(asked.filter((call) => silent.includes(systemCall(call)?.class ?? "plain"))).toEqual([]);
});

test("every form that a sealed domain asks about is notified here too", () => {
  const missed = special.flatMap((call) =>
    [permissive, strict, brokering].flatMap((context) =>
      leaves(sealedVerdict(call, context))
        .filter(({ answer }) => answer.kind === "notify")
        .filter(
          ({ words }) =>
            answerTo(supervisedVerdict(call, nothingGranted), registers(words)).kind === "allow",
        )
        .map(({ words }) => `${call} ${words.join(" ")}`),
    ),
  );
  expect(missed).toEqual([]);
});

test("every call says what enforcing and warning answer", () => {
  for (const call of systemCalls) {
    const { warning, enforcing } = classOf(call);
    const own = call.supervised.enforcing ?? enforcing;
    expect(`${warning} ${own}`, call.name).not.toMatch(/\.$|undefined/);
  }
});
