import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clone, Domain, front } from "./domain.ts";
import { users } from "./users.ts";

const ways = [
  "fork",
  "vfork",
  "thread",
  "double-fork",
  "setsid",
  "exec",
  "daemon",
  "setsid try double-fork try exec",
];

describe.each(users)("for $who", ({ uid }) => {
  let scene: Domain;
  beforeAll(() => {
    scene = new Domain(uid);
    scene.writePolicy();
  });
  afterAll(() => scene.close());

  test.each(ways)("a child stays in its parent's domain: %s", (way) => {
    const secret = `read ${scene.home}/secret/file`;
    const [granted, brokered] = [
      `read ${scene.home}/granted/file`,
      `make ${scene.home}/shared/exact`,
    ];
    const lines = [secret, granted, brokered, `make ${scene.home}/shared/other`].map(
      (line) => `${way} try ${line}`,
    );
    expect(scene.triesOutside(lines.slice(0, 1))).toEqual(["0"]);
    expect(scene.tries(lines)).toEqual(["EACCES", "0", "0", "EACCES"]);
    fs.rmSync(`${scene.home}/shared/exact`);
  });

  test("a child that outlives the daemon stays, and its granted names are still brokered", () => {
    const late =
      `sleep 0.5; echo $(cat ${scene.home}/granted/file) $(cat ` +
      `${scene.home}/secret/file 2>&1)`;
    const make =
      `(: > ${scene.home}/shared/exact) && echo made; (: > ` +
      `${scene.home}/shared/other) 2>/dev/null || echo refused`;
    scene.writePolicy({ files: ["rx /usr/bin/dash /usr/bin/cat /usr/bin/sleep /usr/bin/setsid"] });
    const { out } = scene.run(["/bin/sh", "-c", `setsid sh -c '${late}; ${make}' &`]);
    expect(out).toMatch(/^granted\/file cat: .*secret\/file: Permission denied\nmade\nrefused\n$/);
  });

  test("starting another domain inside is no way out", () => {
    const copy = scene.at("front");
    fs.copyFileSync(front, copy);
    scene.writePolicy({ files: [`rx ${copy} ${clone}/**`] });
    const wide = scene.at("wide.yaml");
    scene.write("wide.yaml", `level: disabled\n`);
    expect(scene.tries([`execute ${front}`]), "Cofferdam's own programs are out of reach").toEqual([
      "EACCES",
    ]);
    const { status, out, err } = scene.run([copy, "run", "--policy", wide, "--", scene.try]);
    expect({ status, out }).toEqual({ status: 125, out: "" });
    expect(err).toContain("EACCES");
  });
});
