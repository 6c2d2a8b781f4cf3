import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { decide } from "../../src/model/decide.ts";
import { clone } from "../package/packages.ts";
import { attemptsOf, everywhere, requestOf } from "./attempts.ts";
import { isListed, names, readDaemon } from "./daemon.ts";
import { keptKernelPassage } from "./kernel-engine/seen.ts";
import { digestOf, keptPassage } from "./passages.ts";
import { isKernelsAlone, policyFile, shippedPolicy } from "./policy.ts";
import { inWords } from "./words.ts";

/** Shipped, and no daemon of Debian's; each has tests of its own. */
const others = ["shell", "vm@"];

test("every shipped domain is in the library", () => {
  const shipped = readdirSync(join(clone, "domains"))
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => basename(name, ".yaml"));
  expect(shipped.filter((name) => !others.includes(name)).sort()).toEqual(names);
});

test("`*` in a refusal stands for any text, and nothing else does", () => {
  const refused = [{ access: "read /sys/devices/*/dev", why: "" }];
  expect(isListed({ refused }, "read /sys/devices/virtual/block/loop0/dev")).toBe(true);
  expect(isListed({ refused }, "read /sys/devices/virtual/block/loop0/device")).toBe(false);
  expect(isListed({ refused: [{ access: "read /a.b", why: "" }] }, "read /axb")).toBe(false);
});

test("the use of a word is listed by whichever call uses it", () => {
  const used = [{ access: "use net_admin for setsockopt", why: "" }];
  expect(isListed({ refused: used }, "use net_admin")).toBe(true);
  expect(isListed({ refused: used }, "use net_admin: something")).toBe(true);
  expect(isListed({ refused: used }, "use net")).toBe(false);
  expect(isListed({ refused: used }, "use net_admin for ioctl")).toBe(false);
});

test("the words of a page leave out what is denied", () => {
  const words = inWords("keepalived").join("\n");
  expect(words).toContain("`net_admin`");
  expect(words).not.toContain("`sys_admin`");
});

describe.each(names)("%s", (name) => {
  test("was seen to work and to hold as it is now", () => {
    const [seen, how] = isKernelsAlone(name)
      ? [keptKernelPassage(name), `--bpf-lsm ${name}`]
      : [keptPassage(name), name];
    expect(seen?.digest, `npm run library -- ${how}`).toBe(digestOf(name));
  });

  test("says in each case what is tried, and why one is not", () => {
    const daemon = readDaemon(name);
    const { untried, granted } = daemon;
    const attempts = attemptsOf(daemon);
    const notTried = attempts.filter(({ argument }) => argument === null).map(({ text }) => text);
    expect(notTried.filter((text) => untried[text] === undefined)).toEqual([]);
    const cases = attempts.map(({ text }) => text);
    expect(Object.keys(untried).filter((text) => !cases.includes(text))).toEqual([]);
    expect(granted.filter((text) => !everywhere.includes(text))).toEqual([]);
  });

  test("grants nothing of what a break-in tries anywhere but what its file says", () => {
    const policy = shippedPolicy(name);
    // Namespaces are refused by their flags: unshare(2) takes apart other things, too.
    const tried = everywhere.filter((text) => text !== "syscall unshare");
    const granted = tried.filter((text) => decide(policy, requestOf(text)).outcome === "granted");
    const said = readDaemon(name).granted;
    expect(granted).toEqual(tried.filter((text) => said.includes(text)));
  });

  test("names a program and a unit, and grants no whole disk", () => {
    expect(existsSync(policyFile(name))).toBe(true);
    const { names: rules, entries } = shippedPolicy(name);
    expect(entries).not.toEqual([]);
    const wide = rules.filter(
      ({ effect, pattern }) =>
        effect === "allow" &&
        /^(?:\/\*|\/(?:etc|usr|var|run|tmp|srv|opt|proc|sys|dev)?\/\*\*)/.test(pattern),
    );
    expect(wide.map(({ source }) => source.text)).toEqual([]);
  });
});
