import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { clone } from "../../package/packages.ts";
import { scratchFolder } from "../../support/scratch.ts";
import { skipUnless } from "../../support/skip.ts";

import { type CompiledProfile, readCompiled } from "./compiled.ts";
import { compile } from "./parser.ts";
import { profileWidth } from "./width.ts";

/** Debian's package, unpacked; profiles below are compiled by its parser, and never loaded. */
const tree = join(clone, "build/debian/apparmor");
const isUnpacked = existsSync(tree);

const text = `
abi <abi/4.0>,
include <tunables/global>
profile tiny /{usr/,}bin/tiny{,.real} {
  /etc/tiny/** r,
  deny /etc/tiny/private/** r,
  owner /var/lib/tiny/*.db rw,
  /var/log/tiny.log a,
  /srv/[a-f]?/{one,two}.txt w,
  /usr/bin/tool-[^0-9] ix,
  @{HOME}/.tiny r,
  profile child {
    /etc/child r,
  }
}
/usr/bin/plain flags=(complain) {
  /etc/plain r,
}
profile open /usr/bin/open flags=(unconfined) {
}
`;

let profiles: readonly CompiledProfile[] = [];

beforeAll(() => {
  if (!isUnpacked) return;
  const file = join(scratchFolder("apparmor"), "tiny");
  writeFileSync(file, text);
  profiles = readCompiled(compile(tree, join(tree, "etc/apparmor.d"), file));
});

beforeEach((context) =>
  skipUnless(context, isUnpacked, `there is no ${tree}, which set-up unpacks`),
);

const named = (name: string): CompiledProfile => {
  const found = profiles.find((profile) => profile.name === name);
  if (found === undefined) throw new Error(`no ${name} in ${profiles.map((one) => one.name)}`);
  return found;
};

test.each([
  // Name; read, write, execute; of these, what only its owner gets.
  ["/etc/tiny/conf", [1, 0, 0], [0, 0, 0]],
  ["/etc/tiny/a/b", [1, 0, 0], [0, 0, 0]],
  ["/etc/tiny/private/key", [0, 0, 0], [0, 0, 0]],
  ["/etc/tinyconf", [0, 0, 0], [0, 0, 0]],
  ["/var/lib/tiny/x.db", [1, 1, 0], [1, 1, 0]],
  ["/var/lib/tiny/a/x.db", [0, 0, 0], [0, 0, 0]],
  ["/var/log/tiny.log", [0, 1, 0], [0, 0, 0]],
  ["/srv/ax/two.txt", [0, 1, 0], [0, 0, 0]],
  ["/srv/gx/two.txt", [0, 0, 0], [0, 0, 0]],
  ["/srv/ax/three.txt", [0, 0, 0], [0, 0, 0]],
  ["/usr/bin/tool-a", [0, 0, 1], [0, 0, 0]],
  ["/usr/bin/tool-1", [0, 0, 0], [0, 0, 0]],
  ["/root/.tiny", [1, 0, 0], [0, 0, 0]],
  ["/home/anna/.tiny", [1, 0, 0], [0, 0, 0]],
  ["/etc/child", [0, 0, 0], [0, 0, 0]],
  ["/etc/shadow", [0, 0, 0], [0, 0, 0]],
] as const)("a compiled profile reaches of %s what it says", (name, reached, ofOwner) => {
  const { width, owned } = profileWidth([name], named("tiny"));
  expect([width.read, width.write, width.execute]).toEqual(reached);
  expect([owned.read, owned.write, owned.execute]).toEqual(ofOwner);
});

test("files are counted one by one", () => {
  const names = ["/etc/tiny/a", "/etc/tiny/b", "/etc/passwd", "/var/lib/tiny/x.db"];
  expect(profileWidth(names, named("tiny"))).toEqual({
    width: { read: 3, write: 1, execute: 0 },
    owned: { read: 1, write: 1, execute: 0 },
  });
});

test("a profile says which programs it is for, and whether it holds them", () => {
  const programs = ["/usr/bin/tiny", "/bin/tiny.real", "/usr/bin/tiny2", "/usr/bin/plain"];
  const held = (name: string) => programs.filter((program) => named(name).attachesTo(program));
  expect(held("tiny")).toEqual(["/usr/bin/tiny", "/bin/tiny.real"]);
  expect(held("/usr/bin/plain")).toEqual(["/usr/bin/plain"]);
  expect(held("tiny//child")).toEqual([]);
  const modes = ["tiny", "/usr/bin/plain", "open"].map((name) => named(name).mode);
  expect(modes).toEqual(["enforce", "complain", "unconfined"]);
});

test("a child's rules are its own", () => {
  expect(profileWidth(["/etc/child", "/etc/tiny/a"], named("tiny//child")).width.read).toBe(1);
});

test("what apparmor_parser refuses is no profile, and says where", () => {
  const file = join(scratchFolder("apparmor"), "wrong");
  writeFileSync(file, "profile wrong {\n  /etc/x qq,\n}\n");
  expect(() => compile(tree, join(tree, "etc/apparmor.d"), file)).toThrow(/wrong.*line 2/);
});

test("a compiled profile that is cut off is refused", () => {
  const file = join(scratchFolder("apparmor"), "whole");
  writeFileSync(file, "profile whole {\n  /etc/x r,\n}\n");
  const bytes = compile(tree, join(tree, "etc/apparmor.d"), file);
  expect(() => readCompiled(bytes.subarray(0, bytes.length - 1))).toThrow("ends in the middle");
});
