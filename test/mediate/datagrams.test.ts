import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { PUBLIC_FOLDER, SHARED_FOLDER } from "../../src/base/modes.ts";
import { scratchFolder } from "../support/scratch.ts";
import { type Built, buildAll } from "./build.ts";
import { type Run, runScene, type SceneOptions } from "./scene.ts";

const NOBODY = { uid: 65_534, gid: 65_534 };

let built: Built;
let program: string;
let tree: string;
beforeAll(async () => {
  built = await buildAll();
  program = built.compile("datagrams");
});
afterAll(() => built.remove());
beforeEach(() => {
  tree = scratchFolder("datagrams");
  mkdirSync(join(tree, "run"));
  chmodSync(tree, PUBLIC_FOLDER);
  chmodSync(join(tree, "run"), SHARED_FOLDER);
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

/** What a sealed domain's datagrams come to, of which a policy grants those to one name. */
function run(options: Partial<SceneOptions>): Run {
  const at = join(tree, "run");
  return runScene(
    built,
    {
      sockets: { inet: "broker", unix: "broker" },
      notify: ["connect", "sendto", "sendmsg", "sendmmsg"],
      rules: [`listen ${at}/*`, `connect ${at}/yes`, `connect ${at}/none`],
      ...options,
    },
    [program, `${at}/yes`, `${at}/no`],
    at,
  );
}

test.each([
  ["root", { uid: 0, gid: 0 }],
  ["another user", { uid: 33, gid: 33 }],
])("a sealed domain's datagrams by name say who sent them: %s", (_, as) => {
  const done = run({ as });
  expect(done.stderr).toBe("");
  expect(done.lines).toEqual([
    "sendto: 5 -, `hello` from myself",
    "sendmsg: 5 -, `hello` from myself",
    "sendmmsg, the second elsewhere: 1 -, `hello` from myself",
    "elsewhere: -1 EACCES, nothing arrived",
    "to nothing: -1 ENOENT",
    "as myself: 5 -, `hello` from myself",
    "as my parent: -1 EPERM, nothing arrived",
    "with a descriptor: 5 -, `hello` from myself with the file",
    "more than the buffer takes: -1 EMSGSIZE",
    "to a full queue without waiting: -1 EAGAIN",
    "to a full queue with waiting: 0",
  ]);
  const told = new Set(done.events.map((event) => `${event.operation} ${event.object}`));
  expect([...told]).toEqual([`connect ${tree}/run/no`, "sendmsg another's credentials"]);
});

test("an ordinary user's mediator may not say so, and sends none", () => {
  const done = run({ as: NOBODY, mediatorAs: NOBODY });
  const sends = done.lines.slice(0, 2);
  expect(sends).toEqual([
    "sendto: -1 EPERM, nothing arrived",
    "sendmsg: -1 EPERM, nothing arrived",
  ]);
  expect(done.events.map(({ object }) => object)).toContain(
    "the receiver would take the mediator for the sender",
  );
});
