import { expect, test } from "vitest";
import { AssemblyError, assemble, type Line } from "../../../src/compile/seccomp/assembler.ts";
import { encodeInstructions, Op } from "../../../src/compile/seccomp/bpf.ts";
import { run } from "./interpreter.ts";

const padding = (count: number): Line[] =>
  Array.from({ length: count }, () => ({ kind: "load", offset: 0 }) as const);

/** Branches over `gap` instructions to either side's answer. */
function farBranch(gap: number, between: number): Line[] {
  return [
    { kind: "load", offset: 0 },
    { kind: "branch", code: Op.equal, k: 7, yes: "yes", no: "no" },
    ...padding(gap),
    { kind: "label", name: "yes" },
    { kind: "answer", value: 1 },
    ...padding(between),
    { kind: "label", name: "no" },
    { kind: "answer", value: 2 },
  ];
}

test("a branch reaches its targets at every distance around the 8-bit limit, on either arm", () => {
  for (const gap of [0, 1, 250, 251, 252, 253, 254, 255, 256, 257, 600]) {
    for (const between of [0, 1, 2, 3, 254, 255, 256, 400]) {
      const program = encodeInstructions(assemble(farBranch(gap, between)));
      const answer = (nr: number) => run(program, { nr, arch: 0, args: [] });
      expect([gap, between, answer(7), answer(8)]).toEqual([gap, between, 1, 2]);
    }
  }
});

test("a program longer than the kernel takes is refused, not cut", () => {
  expect(() => assemble([...padding(4096), { kind: "answer", value: 0 }])).toThrow(AssemblyError);
});

test("a jump backwards or to nowhere is refused", () => {
  expect(() =>
    assemble([
      { kind: "label", name: "a" },
      { kind: "jump", to: "a" },
    ]),
  ).toThrow(AssemblyError);
});

test("a label that stands twice is refused", () => {
  expect(() =>
    assemble([
      { kind: "label", name: "a" },
      { kind: "label", name: "a" },
    ]),
  ).toThrow(AssemblyError);
});
