import * as fs from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { Domain } from "./domain.ts";
import { users } from "./users.ts";

describe.each(users)("for $who", ({ uid }) => {
  const scene = new Domain(uid);
  afterAll(() => scene.close());

  test("same policy and host facts give the same plan and text, byte for byte", () => {
    scene.writePolicy({
      files: ["r /etc/** /usr/share/zoneinfo/*"],
      rest: "network: [connect tcp 443, listen tcp 8080]\n",
    });
    scene.tries([`read ${scene.home}/granted/file`]);
    const [plan = ""] = scene.planFiles();
    const first = fs.readFileSync(plan);
    fs.rmSync(plan);
    // Another environment, limit, folder and moment: nothing of that is a fact.
    const other = {
      environment: { TZ: "Asia/Tokyo", LANG: "C", LD_DEBUG: "", COFFERDAM: "1" },
      wrap: ["prlimit", "--nofile=512"],
    };
    scene.tries([`read ${scene.home}/granted/file`], other);
    expect(fs.readFileSync(plan).equals(first)).toBe(true);
    const texts = [{}, other].map((how) =>
      scene.cofferdam(["plan", "--json", "--policy", scene.policy], how),
    );
    expect(texts[0]?.status).toBe(0);
    expect(texts[1]?.out).toBe(texts[0]?.out);
  });
});
