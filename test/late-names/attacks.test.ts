import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { users } from "../properties/users.ts";
import { LateScene } from "./scene.ts";

/** Opens of one race. */
const ROUNDS = 1_000;

let scene: LateScene;
afterEach(() => scene.close());

/** What the program prints, `count` lines, about names made once its domain has started. */
async function lines(
  words: readonly string[],
  meanwhile: () => void,
  count = 1,
): Promise<string[]> {
  const inside = scene.start([scene.late, ...words]);
  expect(await inside.heard("the start")).toBe("ready");
  meanwhile();
  const said = [await inside.ask("")];
  while (said.length < count) said.push(await inside.heard(said.at(-1) ?? ""));
  await inside.end();
  return said;
}

/** How often a race read what is granted, what is secret, and nothing. */
async function race(words: readonly string[], meanwhile: () => void) {
  const [said = ""] = await lines([...words, String(ROUNDS)], meanwhile);
  const [granted = 0, secret = 0, neither = 0] = said.split(" ").map(Number);
  return { granted, secret, neither };
}

describe.each(users)("a domain of $who with brokered late names", ({ uid }) => {
  test("what a thread writes over the name opens nothing that is not granted", async () => {
    scene = new LateScene(uid);
    const { tree } = scene;
    scene.grant(["r @/*.conf"]);
    const names = [`${tree}/late.conf`, `${tree}/hide.keys`] as const;
    const read = await race(["memory", ...names], () => {
      scene.makeFile(names[0]);
      scene.makeFile(names[1], "secret");
    });
    expect(read.secret).toBe(0);
    expect(read.granted).toBeGreaterThan(0);
    expect(read.neither).toBeGreaterThan(0);
  });

  test.each([
    { what: "a link to a file", at: "", of: "late.conf" },
    { what: "a link to a directory", at: "/late.conf", of: "" },
  ])("exchanging $what opens nothing that is not granted", async ({ at, of }) => {
    scene = new LateScene(uid);
    const { tree } = scene;
    const [own, open, closed] = ["own", "open", "closed"].map((name) => path.join(tree, name));
    for (const folder of [own, open, closed]) scene.makeFolder(folder ?? "");
    scene.grant(["rwcd @/own/**", "r @/open/*.conf"]);
    const [a, b] = [`${own}/a`, `${own}/b`];
    const read = await race(["exchange", a, b, `${a}${at}`], () => {
      scene.makeFile(`${open}/late.conf`);
      scene.makeFile(`${closed}/late.conf`, "secret");
      fs.symlinkSync(path.join(open ?? "", of), a);
      fs.symlinkSync(path.join(closed ?? "", of), b);
    });
    expect(read.secret).toBe(0);
    expect(read.granted).toBeGreaterThan(0);
    expect(read.neither).toBeGreaterThan(0);
  });

  test("a handed descriptor gives what the policy grants, and nothing more", async () => {
    scene = new LateScene(uid);
    const { tree } = scene;
    scene.makeFolder(`${tree}/own`);
    scene.grant(["r @/late/*.conf", "r @/late", "rwcd @/own/**", "rx @/late/program"]);
    const [file, secret] = [`${tree}/late/in.conf`, `${tree}/late/other`];
    const program = `${tree}/late/program`;
    const words = ["descriptors", file, `${tree}/late`, secret, `${tree}/own/linked`, program];
    const make = () => {
      scene.makeFolder(`${tree}/late`);
      scene.makeFile(file);
      scene.makeFile(secret, "secret");
      fs.copyFileSync(scene.try, program);
    };
    expect(await lines(words, make, 22)).toEqual([
      "read: 0",
      "write through it: EBADF",
      "truncate it: EINVAL",
      "truncate its name: EACCES",
      "open it again: EACCES",
      "open it again for writing: EACCES",
      "change its mode: EACCES",
      "change its flags: EACCES",
      "link it to a granted name: EPERM",
      "list: 0",
      "open a granted name in it: 0",
      "open another name in it: EACCES",
      "make a name in it: EACCES",
      "go there: 0",
      "open a granted name there: 0",
      "open another name there: EACCES",
      "name a secret: 0",
      "open it by that: EACCES",
      "open it by an empty name: ENOENT",
      "execute a late program: EACCES",
      "become undumpable: 0",
      "read /dev/null: 0",
    ]);
    expect(fs.readFileSync(file, "utf8")).toBe("granted");
  });
});
