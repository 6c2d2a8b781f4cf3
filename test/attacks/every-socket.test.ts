import * as path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Domain } from "../properties/domain.ts";
import { compileC } from "../support/compile-c.ts";

let scene: Domain;
let everySocket: string;
beforeAll(() => {
  scene = new Domain();
  everySocket = scene.at("every-socket");
  compileC(everySocket, path.join(import.meta.dirname, "every-socket.c"), [
    "-O1",
    "-Wall",
    "-Werror",
  ]);
});
afterAll(() => scene.close());

/**
 * `FAMILY TYPE PROTOCOL`, numbers of socket(2): what a grant opens, whatever else this kernel would
 * make.
 */
const table: Record<string, readonly string[]> = {
  "": [],
  "connect tcp 443": ["2 1 0", "2 1 6", "10 1 0", "10 1 6"],
  "connect udp 53": ["2 2 0", "2 2 17", "10 2 0", "10 2 17"],
  "connect unix /run/x": ["1 1 0", "1 1 1", "1 2 0", "1 2 1", "1 5 0", "1 5 1"],
  "netlink route": ["16 2 0", "16 3 0"],
};

test.each(Object.entries(table))(
  "`network: [%s]` opens these sockets and no other",
  (rule, expected) => {
    scene.writePolicy({ files: [`rx ${everySocket}`], rest: `network: [${rule}]\n` });
    const { status, out, err } = scene.run([everySocket]);
    expect(status, err).toBe(0);
    const made = out.split("\n").filter((line) => line !== "");
    expect(made.filter((line) => !line.includes("flag")).sort()).toEqual([...expected].sort());
    // Flags of the type, and bits that the kernel does not look at, open nothing more.
    expect(made.filter((line) => !expected.includes(line.replace(/ flag \d$/, "")))).toEqual([]);
  },
);
