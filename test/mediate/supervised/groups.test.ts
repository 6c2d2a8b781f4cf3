import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Built, buildAll } from "../build.ts";
import { type Run, runScene } from "../scene.ts";
import { withTree } from "../tree.ts";
import { toStart } from "./rules.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

let built: Built;
let groups: string;
let outsiders: string;
beforeAll(async () => {
  built = await buildAll();
  groups = built.compile("supervised/groups");
  outsiders = built.compile("supervised/group-outsiders");
});
afterAll(() => built.remove());

/**
 * In a session with a terminal, beside an outsider in a group of its own. `place`: of
 * the terminal's foreground group or behind it.
 */
function run(
  way: readonly string[],
  level: "enforcing" | "warning" = "enforcing",
  place: "front" | "behind" = "front",
): Run {
  return withTree(me, (tree) => {
    const rules = [...toStart(built), `rx ${groups}`, `rwcd ${tree}/**`, "rwi /dev/pts/*"];
    const options = {
      ...{ supervised: level, inside: [outsiders, place] },
      rules: [...rules, "rwi /dev/ptmx", "rwi /dev/pts/ptmx"],
    };
    return runScene(built, options, [groups, ...way], tree);
  });
}

const threads = [
  ["one thread", []],
  ["two threads", ["threads"]],
] as const;

describe.each(threads)("of a process with %s", (_, more) => {
  test("calls that reach a group are refused while it contains an outsider", () => {
    const done = run(["whole", ...more]);
    expect(done.lines.filter((line) => line.endsWith(": done"))).toEqual([]);
    expect(done.lines).toContain("by pidfd: EPERM");
    expect(done.lines).toContain("by itself: EPERM");
    expect(done.lines).toContain("by its thread: EPERM");
    expect(done.lines.at(-1)).toBe("outside:");
    expect(new Set(done.events.map(({ operation }) => operation))).toEqual(
      new Set(["pidfd_send_signal", "kill", "fcntl", "setpriority", "ioprio_set"]),
    );
  });

  test("in groups of its own all calls are allowed", () => {
    const done = run(["own", ...more]);
    expect(done.lines.filter((line) => !line.endsWith(": done"))).toEqual(["outside:"]);
    expect(done.lines).toHaveLength(13);
    expect(done.events).toEqual([]);
  });

  test("a group with an outsider is not joined, so that no terminal stops it", () => {
    const done = run(["stop", ...more]);
    expect(done.lines).toEqual([
      "the outsider's: EPERM",
      "a child: EPERM",
      "terminal: done",
      "outside:",
    ]);
    const denied = { operation: "setpgid", verdict: "denied" };
    expect(done.events).toMatchObject([denied, denied]);
  });

  test("a group that was left is not joined again while it contains an outsider", () => {
    const done = run(["back", ...more]);
    expect(done.lines).toEqual([
      "a child leads: done",
      "to the child: done",
      "back: EPERM",
      "outside:",
    ]);
  });

  test("a terminal's input sends no signal to the foreground group", () => {
    const done = run(["keys", ...more], "enforcing", "behind");
    expect(done.lines).toEqual(["F_SETFL: EPERM", "FIOASYNC: EPERM", "outside:"]);
    expect(done.events).toMatchObject([{ operation: "fcntl" }, { operation: "ioctl" }]);
  });

  test("a socket makes signals for its owner", () => {
    const done = run(["sockets", ...more]);
    const told = ["F_SETFL: done", "told", "not told", "FIOASYNC: done", "told", "outside:"];
    expect(done.lines).toEqual(told);
    expect(done.events).toEqual([]);
  });

  test("a terminal goes to the domain's own session, not to one with an outsider", () => {
    const done = run(["control", ...more]);
    expect(done.lines).toEqual([
      "its own: done",
      "foreground: done",
      "with others: EPERM",
      "outside:",
    ]);
    expect(done.events).toMatchObject([{ operation: "ioctl" }]);
  });

  test("an empty group is refused, because it could be another's when the kernel looks", () => {
    const done = run(["nobody", ...more]);
    expect(done.lines.slice(0, -1).filter((line) => !/: (EPERM|ESRCH)$/.test(line))).toEqual([]);
  });
});

test.each([
  ["keys", ["F_SETFL: EPERM", "FIOASYNC: EPERM", "outside:"]],
  ["sockets", ["F_SETFL: done", "told", "not told", "FIOASYNC: done", "told", "outside:"]],
] as const)("signals for input in a sealed domain that signals everybody: %s", (way, lines) => {
  withTree(me, (tree) => {
    const source = { file: "scene", line: 1, column: 1, text: "signals" };
    const everybody = { effect: "allow", token: "any", source } as const;
    const options = {
      rules: [`rwcd ${tree}/**`],
      kernelCreates: [tree, "/dev/pts"],
      notify: ["fcntl", "ioctl"],
      policy: { signals: [everybody] },
      inside: [outsiders, "behind"],
    };
    expect(runScene(built, options, [groups, way], tree).lines).toEqual(lines);
  });
});

test("the own group, exchanged while a signal to it is judged, is never one with outsiders", () => {
  const done = run(["race"]);
  expect(done.lines).toEqual(["over", "outside:"]);
});

test("at level warning groups are joined, and it is told of", () => {
  const done = run(["join"], "warning");
  expect(done.lines).toContain("the outsider's: done");
  expect(done.events[0]).toMatchObject({ operation: "setpgid", verdict: "warning" });
});

test("a sealed domain joins no group with an outsider either", () => {
  const sealed = (way: string) =>
    withTree(me, (tree) => {
      const options = { rules: [`r ${tree}/**`], notify: ["setpgid"] };
      return runScene(built, { ...options, inside: [outsiders, "front"] }, [groups, way], tree);
    });
  const own = sealed("own").events.map(({ operation }) => operation);
  expect(own, "its own groups it makes and joins").not.toContain("setpgid");
  const done = sealed("stop");
  expect(done.lines.slice(0, 2)).toEqual(["the outsider's: EPERM", "a child: EPERM"]);
  const denied = { operation: "setpgid", verdict: "denied" };
  expect(done.events).toMatchObject([denied, denied]);
});
