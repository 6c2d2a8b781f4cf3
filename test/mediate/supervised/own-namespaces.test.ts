import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { needsRoot } from "../../support/skip.ts";
import { type Built, buildAll } from "../build.ts";
import { everyCapability, toStart } from "./rules.ts";
import { startedAt } from "./switched.ts";

let built: Built;
let program: string;
beforeAll(async () => {
  built = await buildAll();
  program = built.compile("supervised/own-namespaces");
});
afterAll(() => built.remove());
beforeEach((context) => needsRoot(context));

/** A process that made itself a namespace at level warning, in which the mediator is not. */
const inOwn = (kind: "net" | "ipc") =>
  startedAt(
    "warning",
    built,
    [program, kind],
    (tree) => [
      ...toStart(built),
      `rx ${program}`,
      `rwcd ${tree}/**`,
      `listen ${tree}/*`,
      "rw /proc/**",
      "rwi /dev/net/tun",
      "i /dev/net/tun/**",
    ],
    { capabilities: everyCapability },
  );
const ways = ["by name", "not following", "below a folder", "by descriptor"];

test("what a network namespace has of its own is given, not what the mediator's has", async () => {
  expect((await inOwn("net")).lines).toEqual([
    ...ways.map((way) => `${way}: 77`),
    "tun: its own",
    "everybody's: Linux",
  ]);
});

test("so is what a namespace of IPC has of its own", async () => {
  expect((await inOwn("ipc")).lines).toEqual([
    ...ways.map((way) => `${way}: 4321`),
    "a queue",
    "everybody's: Linux",
  ]);
});
