import { afterEach, beforeEach, expect, test } from "vitest";
import { AF_UNIX, SOCK_CLOEXEC, SOCK_SEQPACKET } from "../../src/kernel/constants.ts";
import { greet, hearGreeting, passEnd, receivePassed } from "../../src/mediate/shared/passing.ts";
import { close, sys } from "../../src/mediate/sys/sys.ts";

let here = -1;
let there = -1;
beforeEach(() => {
  const pair = Buffer.alloc(8);
  expect(sys("socketpair", AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)).toBe(0);
  [here, there] = [pair.readInt32LE(0), pair.readInt32LE(4)];
});
afterEach(() => {
  for (const fd of [here, there]) close(fd);
});

test("what one mediator says to its stand-by is heard as it was said", () => {
  greet(here);
  expect(hearGreeting(there)).toBe(true);
  passEnd(here, 7);
  expect(receivePassed(there)).toEqual({ kind: "ended", number: 7 });
});

test.each([
  ["no JSON", "cofferdam-stand-by-3"],
  ["half a message", '{"protocol":"cofferdam-stand-by-3","kind":'],
  ["another protocol", '{"protocol":"cofferdam-stand-by-4","kind":"ready","number":0}'],
  ["a kind of the future", '{"protocol":"cofferdam-stand-by-3","kind":"pause","number":0}'],
  ["a number in words", '{"protocol":"cofferdam-stand-by-3","kind":"ended","number":"7"}'],
])("a stand-by of another version that sends %s is strange, and ends no process", (_, text) => {
  const bytes = Buffer.from(text);
  expect(sys("write", here, bytes, bytes.length)).toBe(bytes.length);
  expect(hearGreeting(there)).toBe(false);
  sys("write", here, bytes, bytes.length);
  expect(receivePassed(there)).toEqual({ kind: "strange" });
});
