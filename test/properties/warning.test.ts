import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileC } from "../support/compile-c.ts";
import { Domain } from "./domain.ts";
import { Server } from "./server.ts";
import { users } from "./users.ts";

/** From an access to its record, in milliseconds, on a slow machine. */
const TOLD_MS = 60_000;

describe.each(users)("for $who", ({ uid }) => {
  let scene: Domain;
  let closedList: string;
  beforeAll(() => {
    scene = new Domain(uid);
    closedList = scene.at("closed-list");
    const source = path.join(import.meta.dirname, "closed-list.c");
    compileC(closedList, source, ["-O1", "-Wall", "-Wextra", "-Werror"]);
    scene.writePolicy({ files: [`deny r ${scene.home}/secret/**`], rest: "level: warning\n" });
  });
  afterAll(() => scene.close());

  /** Events of this scene: as root the log is the host's. */
  const events = () =>
    (fs.existsSync(scene.events) ? fs.readFileSync(scene.events, "utf8") : "")
      .split("\n")
      .filter((text) => text.includes(scene.home) || text.includes(scene.try))
      .map((text) => JSON.parse(text));

  test("a warning grants everything, denies included, and logs each access once", {
    timeout: 2 * TOLD_MS,
  }, async () => {
    const { home } = scene;
    const lines = () => [
      `read ${home}/secret/file`,
      `read ${home}/secret/file`,
      `make ${home}/shared/${Math.random()}`,
      "execute /usr/bin/true",
      "shm 0",
      "call 39",
    ];
    const granted = ["0", "0", "0", "0", "0", "0"];
    expect(scene.triesOutside(lines())).toEqual(granted);
    const before = events().length;
    expect(scene.tries(lines())).toEqual(granted);
    const mine = events().slice(before);
    expect(mine.map(({ verdict, operation }) => `${verdict} ${operation}`)).toEqual(
      expect.arrayContaining(["warning read", "warning create"]),
    );
    // Repeats may have a record of their own, told a little later; for a reader the access is one.
    const reads = () =>
      scene
        .cofferdam(["events", "--json", "--domain", "scene"])
        .out.trim()
        .split("\n")
        .map((line) => JSON.parse(line))
        .filter(
          ({ operation, object }) => operation === "read" && object === `${home}/secret/file`,
        );
    await expect
      .poll(reads, { timeout: TOLD_MS })
      .toMatchObject([{ verdict: "warning", count: 2, rule: expect.stringContaining("deny r") }]);
  });

  test("a warning never changes what the daemon sees, beyond the closed list", () => {
    const file = path.join(scene.home, "secret/file");
    expect(scene.outside([closedList, file]).out).toBe(
      "no_new_privs: 0\nopens failed otherwise: 0, interrupted: none\nlistener: given\n",
    );
    // Whether a signal comes just in time is a matter of luck; nothing else may happen to a call.
    expect(scene.run([closedList, file]).out).toMatch(
      uid === 0
        ? /^no_new_privs: 0\nopens failed otherwise: 0, interrupted: (none|some)\nlistener: EBUSY\n$/
        : /^no_new_privs: 1\nopens failed otherwise: 0, interrupted: (none|some)\nlistener: EBUSY\n$/,
    );
  });

  test("warnings do not hide each other: both letters of an open, a call and what it did", {
    timeout: 2 * TOLD_MS,
  }, async () => {
    const { home } = scene;
    scene.writePolicy({
      syscalls: ", deny mkdir mkdirat",
      rest: "level: warning\n",
    });
    const made = `${home}/shared/${Math.random()}`;
    const tried = scene.tries([`both ${home}/secret/file`, `mkdir ${made}`]);
    expect(tried).toEqual(["0", "0"]);
    const told = () => events().map(({ operation, object }) => `${operation} ${object}`);
    await expect
      .poll(told, { timeout: TOLD_MS })
      .toEqual(
        expect.arrayContaining([
          `read ${home}/secret/file`,
          `write ${home}/secret/file`,
          "call mkdir",
          `create ${made}`,
        ]),
      );
  });

  test("a family that the policy refuses is told, and so is the name it was for", {
    timeout: 2 * TOLD_MS,
  }, async () => {
    const server = new Server(`${scene.home}/shared/door`);
    await server.open();
    try {
      scene.writePolicy();
      const denied = scene.tries([`connect ${server.path}`]);
      expect(denied).not.toEqual(["0"]);
      scene.writePolicy({ rest: "level: warning\n" });
      const before = events().length;
      expect(scene.tries([`connect ${server.path}`])).toEqual(["0"]);
      const told = () =>
        events()
          .slice(before)
          .map(({ verdict, operation, object }) => `${verdict}: ${operation} ${object}`);
      await expect
        .poll(told, { timeout: TOLD_MS })
        .toEqual(
          expect.arrayContaining([
            "warning: create a unix socket",
            `warning: connect ${server.path}`,
          ]),
        );
    } finally {
      await server.close();
    }
  });

  test("a call that is not listed does not get at Cofferdam's own objects at level warning", () => {
    scene.writePolicy({ syscalls: ", deny openat open", rest: "level: warning\n" });
    expect(scene.tries([`write ${scene.policy}`])).toEqual(["EACCES"]);
  });

  test("Cofferdam's own objects are refused at level warning too", () => {
    const own = [
      ...scene.planFiles().map((file) => `read ${file}`),
      `write ${scene.policy}`,
      `read ${scene.events}`,
    ];
    expect(own.length).toBeGreaterThan(2);
    expect(scene.triesOutside(own)).toEqual(own.map(() => "0"));
    expect(scene.tries(own)).toEqual(own.map(() => "EACCES"));
  });
});
