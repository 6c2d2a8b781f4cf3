import * as fs from "node:fs";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { SHARED_FOLDER, TEMPORARY_FOLDER } from "../../src/base/modes.ts";
import { needsRoot } from "../support/skip.ts";
import { Domain, NOBODY } from "./domain.ts";
import { users } from "./users.ts";

const ways = [
  { way: "sealed", rest: "" },
  { way: "supervised", rest: "mediation: supervised\n" },
];

/** In one line. */
const planOf = (scene: Domain) =>
  scene.cofferdam(["plan", "--policy", scene.policy]).out.replaceAll(/\s+/g, " ");

describe.each(users)("for $who", ({ uid }) => {
  describe.each(ways)("in a $way domain", ({ rest }) => {
    const scene = new Domain(uid);
    afterAll(() => scene.close());
    const own = `${scene.home}/granted`;
    const secret = `${scene.home}/secret`;

    test("a link that it plants leads no grant of its next start to another file", () => {
      scene.write("home/granted/conf", "");
      fs.mkdirSync(`${own}/folder`);
      if (uid !== process.getuid?.()) fs.chownSync(`${own}/folder`, uid, uid);
      scene.write("home/granted/folder/file", "");
      scene.writePolicy({ files: [`r ${own}/conf`, `r ${own}/folder/**`], rest });
      const reads = [`read ${own}/conf`, `read ${own}/folder/file`];
      const plants = [
        ...[`unlink ${own}/conf`, `symlink ${own}/conf ${secret}/file`],
        ...[`rename ${own}/folder ${own}/old`, `symlink ${own}/folder ${secret}`],
      ];
      const after = [...reads, `read ${secret}/file`];
      const refused = ["EACCES", "EACCES", "EACCES"];
      expect(scene.tries([...reads, ...plants, ...after])).toEqual([
        ...["0", "0", "0", "0", "0", "0"],
        ...refused,
      ]);
      expect(scene.tries(after)).toEqual(refused);
      expect(scene.triesOutside(reads), "without a domain both are followed").toEqual(["0", "0"]);
      expect(planOf(scene)).toContain(
        `the domain itself may make the link ${own}/conf, so it is not followed`,
      );
    });
  });
});

describe("for root, whose daemon is an ordinary user", () => {
  beforeEach(needsRoot);

  describe.each(ways)("in a $way domain", ({ rest }) => {
    const scene = new Domain();
    afterAll(() => scene.close());
    const state = `${scene.home}/state`;
    const secret = `${scene.home}/secret`;

    test("a link planted at level warning leads no grant of the next start elsewhere", () => {
      fs.mkdirSync(state);
      fs.writeFileSync(`${state}/conf`, "");
      for (const name of [state, `${state}/conf`]) fs.chownSync(name, NOBODY, NOBODY);
      const policy = (level: string) =>
        scene.writePolicy({
          files: [`r ${state}/conf`],
          rest: `${rest}level: ${level}\ncapabilities: [setuid, setgid]\n`,
        });
      const reads = [`read ${state}/conf`];
      policy("enforcing");
      expect(scene.tries(reads)).toEqual(["0"]);
      policy("warning");
      const plants = [`unlink ${state}/conf`, `symlink ${state}/conf ${secret}/file`];
      const asDaemon = [
        "setpriv",
        "--reuid",
        `${NOBODY}`,
        "--regid",
        `${NOBODY}`,
        "--clear-groups",
      ];
      const planted = scene.run([...asDaemon, scene.try], { input: `${plants.join("\n")}\n` });
      expect(planted).toMatchObject({ status: 0, out: "0\n0\n" });
      policy("enforcing");
      expect(scene.tries([...reads, `read ${secret}/file`])).toEqual(["EACCES", "EACCES"]);
      expect(scene.triesOutside(reads)).toEqual(["0"]);
      expect(planOf(scene)).toContain(
        `another user can exchange the link ${state}/conf, so it is not followed`,
      );
    });

    test("pinned: a link of root's, planted at level warning, is followed", () => {
      scene.writePolicy({ files: [`r ${secret}/link`], rest: `${rest}level: warning\n` });
      const plants = [`symlink ${secret}/link ${secret}/file`];
      expect(scene.tries(plants)).toEqual(["0"]);
      scene.writePolicy({ files: [`r ${secret}/link`], rest });
      expect(scene.tries([`read ${secret}/link`])).toEqual(["0"]);
    });
  });

  test("in a folder as /tmp, a link counts as its owner's", () => {
    const scene = new Domain(0);
    const folder = `${scene.home}/temporary`;
    try {
      fs.mkdirSync(folder);
      fs.chmodSync(folder, TEMPORARY_FOLDER);
      for (const name of ["roots", "theirs"])
        fs.symlinkSync(`${scene.home}/secret/file`, `${folder}/${name}`);
      fs.lchownSync(`${folder}/theirs`, NOBODY, NOBODY);
      scene.writePolicy({ files: [`r ${folder}/roots`] });
      expect(scene.tries([`read ${folder}/roots`])).toEqual(["0"]);
      scene.writePolicy({ files: [`r ${folder}/theirs`] });
      expect(scene.tries([`read ${folder}/theirs`])).toEqual(["EACCES"]);
      fs.chmodSync(folder, SHARED_FOLDER);
      scene.writePolicy({ files: [`r ${folder}/roots`] });
      expect(scene.tries([`read ${folder}/roots`])).toEqual(["EACCES"]);
    } finally {
      scene.close();
    }
  });
});
