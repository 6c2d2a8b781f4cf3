import { afterAll, beforeAll, expect, test } from "vitest";
import type { AddressRule } from "../../../src/model/policy.ts";
import { type Built, buildAll } from "../build.ts";
import { runScene } from "../scene.ts";
import { withTree } from "../tree.ts";
import { toStart } from "./rules.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const granted: AddressRule = {
  effect: "allow",
  operation: "connect",
  protocol: "udp",
  network: null,
  ports: { first: 1, last: 9 },
  source: { file: "scene", line: 1, column: 1, text: "connect udp 1-9" },
};

let built: Built;
let many: string;
beforeAll(async () => {
  built = await buildAll();
  many = built.compile("supervised/many");
});
afterAll(() => built.remove());

function send(level: "warning" | "enforcing", ports: readonly number[]) {
  return withTree(me, (tree) => {
    const options = {
      supervised: level,
      rules: [...toStart(built), `rx ${many}`],
      policy: { addresses: [granted] },
    };
    const run = runScene(built, options, [many, ...ports.map(String)], tree);
    expect(run.stderr).toBe("");
    return {
      lines: run.lines,
      told: run.events.map(({ verdict, object, count }) => `${verdict} ${object} ${count}`),
    };
  });
}

test("at level warning every message of a sendmmsg is judged, and all are sent", () => {
  const many = Array.from({ length: 200 }, () => 3);
  expect(send("warning", [1, 10, 2, 11, 10, ...many, 12])).toEqual({
    lines: ["206 -"],
    told: [10, 11, 12].map((port) => `warning udp 127.0.0.1:${port} 1`),
  });
  expect(send("warning", [1, 2])).toEqual({ lines: ["2 -"], told: [] });
});

test("at enforcing the first message to outside ends the call and is reported", () => {
  expect(send("enforcing", [1, 2, 10, 3, 11])).toEqual({
    lines: ["2 -"],
    told: ["denied udp 127.0.0.1:10 1"],
  });
  expect(send("enforcing", [10, 1])).toEqual({
    lines: ["-1 EACCES"],
    told: ["denied udp 127.0.0.1:10 1"],
  });
});
