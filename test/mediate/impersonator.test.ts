import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { PUBLIC_PROGRAM } from "../../src/base/modes.ts";
import {
  impersonatorReply,
  impersonatorRequest,
  impersonatorStep,
  STEPS_MAX,
} from "../../src/mediate/calls/impersonator/impersonator-request.ts";
import { IMPERSONATOR_MS_MAX } from "../../src/mediate/limits.ts";
import { compareWithC, layoutClaims } from "../kernel/c-check.ts";
import { bothWays, compileActs, everything } from "../properties/asking/run.ts";
import { namedShapes, type Shape } from "../properties/asking/shapes.ts";
import { needsRoot } from "../support/skip.ts";
import { type Built, buildAll } from "./build.ts";

let built: Built;
let program: string;
beforeAll(async () => {
  built = await buildAll();
  program = compileActs(built);
});
afterAll(() => built.remove());
beforeEach((context) => needsRoot(context));

const dropped = namedShapes["one thread that dropped its privileges"] as Shape;

function signal(): { readonly inside: readonly string[]; readonly took: number } {
  const sample = { shape: dropped, act: "pidfd_send_signal 42 10 ~ 0" };
  const begun = performance.now();
  const { inside } = bothWays(built, program, [sample], (place) => ({
    ...everything(built, program, place),
    supervised: "enforcing",
  }));
  return { inside: inside[0] ?? [], took: performance.now() - begun };
}

test("a request lies in memory as the impersonator reads it", () => {
  const header = resolve(import.meta.dirname, "../../native/impersonator/request.h");
  const layouts = [impersonatorRequest, impersonatorStep, impersonatorReply].flatMap(layoutClaims);
  const { said, claimed } = compareWithC([...layouts, ["STEPS_MAX", BigInt(STEPS_MAX)]], header);
  expect(said).toEqual(claimed);
});

test("a process of the same user is signalled by an impersonator", () => {
  const { inside } = signal();
  expect(inside[0]).toBe("pidfd_send_signal: 0 -");
  expect(inside).toContain("other has signals 200");
});

// A mediator of root's in a container has no CAP_SYS_RESOURCE, by which others' limits are set.
test("a process that has become another user takes its core files away, and keeps them so", () => {
  const user = namedShapes["an ordinary user with threads"] as Shape;
  const sample = { shape: user, act: "setrlimit 4 #zeros ; setrlimit 4 #zeros" };
  const { inside } = bothWays(built, program, [sample], (place) => ({
    ...everything(built, program, place),
    supervised: "enforcing",
  }));
  expect(inside[0]?.slice(0, 2)).toEqual(["setrlimit: 0 -", "setrlimit: 0 -"]);
});

test("an impersonator that is stopped costs its call some seconds, and is ended", () => {
  const file = join(built.directory, "impersonator");
  writeFileSync(file, "#!/bin/sh\nexec sleep 60\n");
  chmodSync(file, PUBLIC_PROGRAM);
  const { inside, took } = signal();
  expect(inside[0]).toBe("pidfd_send_signal: -1 EIO");
  expect(inside).not.toContain("other has signals 200");
  expect(took).toBeGreaterThan(IMPERSONATOR_MS_MAX);
});

test("one that ends without a word, or is not there, refuses the call", () => {
  const file = join(built.directory, "impersonator");
  writeFileSync(file, "#!/bin/sh\nexit 0\n");
  chmodSync(file, PUBLIC_PROGRAM);
  expect(signal().inside[0]).toBe("pidfd_send_signal: -1 EIO");
  rmSync(file);
  expect(signal().inside[0]).toBe("pidfd_send_signal: -1 EPERM");
});
