import { afterAll, beforeAll, expect, test } from "vitest";
import type { TokenRule } from "../../../src/model/policy.ts";
import { needsRoot } from "../../support/skip.ts";
import { type Built, buildAll } from "../build.ts";
import { type Run, runScene } from "../scene.ts";
import { withTree } from "../tree.ts";
import { toStart } from "./rules.ts";

let built: Built;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());

const granted: TokenRule = {
  ...{ effect: "allow", token: "net_admin" },
  source: { file: "scene", line: 1, column: 1, text: "net_admin" },
};
/** SO_MARK on a socket of its own, and SIOCSIFFLAGS with memory that cannot be read. */
const script = "socket 1 1 0 ; setsockopt 3 1 36 #hex=01000000 4 ; ioctl 3 0x8914 1";

function run(level: "enforcing" | "warning", capabilities: readonly TokenRule[]): Run {
  return withTree({ uid: 0, gid: 0 }, (tree) => {
    const rules = [...toStart(built), `rwcd ${tree}/**`, `listen ${tree}/*`];
    const options = { supervised: level, rules, policy: { capabilities } };
    return runScene(built, options, [built.target, ...script.split(" ")], tree);
  });
}

test("what takes a capability that is still there is judged in its place", (context) => {
  needsRoot(context);
  const refused = run("enforcing", []);
  expect(refused.lines.slice(1)).toEqual(["setsockopt: -1 EPERM", "ioctl: -1 EPERM"]);
  const denied = { class: "capability", verdict: "denied", allow: { line: "net_admin" } };
  expect(refused.events).toMatchObject([
    { ...denied, object: "net_admin for setsockopt(SOL_SOCKET, SO_MARK)" },
    { ...denied, object: "net_admin for ioctl(SIOCSIFFLAGS)" },
  ]);
  expect(run("enforcing", [granted]).lines.slice(1)).toEqual([
    "setsockopt: 0 -",
    "ioctl: -1 EFAULT",
  ]);
  const warned = run("warning", []);
  expect(warned.lines.slice(1)).toEqual(["setsockopt: 0 -", "ioctl: -1 EFAULT"]);
  expect(warned.events).toMatchObject([{ verdict: "warning" }, { verdict: "warning" }]);
});
