import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Domain } from "./domain.ts";
import { users } from "./users.ts";

describe.each(users)("for $who", ({ uid }) => {
  let scene: Domain;
  beforeAll(() => {
    scene = new Domain(uid);
  });
  afterAll(() => scene.close());
  const line = () => `make ${scene.home}/shared/${Math.random()}`;
  /** Events of this scene's process ids only: as root the log is the host's. */
  const events = () =>
    (fs.existsSync(scene.events) ? fs.readFileSync(scene.events, "utf8") : "")
      .split("\n")
      .filter((text) => text.includes(scene.home));

  test("level disabled grants everything and logs nothing", () => {
    scene.writePolicy({ rest: "level: disabled\n" });
    const before = events();
    expect(
      scene.tries([`read ${scene.home}/secret/file`, line(), "execute /usr/bin/true", "shm 0"]),
    ).toEqual(["0", "0", "0", "0"]);
    expect(events()).toEqual(before);
  });

  test("level disabled is shown: the plan says that nothing holds the domain", () => {
    scene.writePolicy({ rest: "level: disabled\n" });
    expect(scene.cofferdam(["plan", "--policy", scene.policy]).out).toMatch(
      /disabled: its daemon runs unconfined/,
    );
  });

  test("level enforcing denies and logs", () => {
    scene.writePolicy();
    const before = events().length;
    expect(scene.tries([line()])).toEqual(["EACCES"]);
    const [event] = events().slice(before);
    expect(JSON.parse(event ?? "null")).toMatchObject({
      domain: "scene",
      level: "enforcing",
      verdict: "denied",
      operation: "create",
    });
  });
});
