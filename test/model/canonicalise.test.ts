import { describe, expect, test } from "vitest";
import { canonicalise } from "../../src/model/canonicalise.ts";
import { formatLetters } from "../../src/model/permission.ts";
import { resolveLinks } from "../../src/model/resolve-links.ts";
import { memorySnapshot } from "./helpers/memory-snapshot.ts";
import { names } from "./helpers/policy.ts";

const host = memorySnapshot(
  {
    "/bin": "-> usr/bin",
    "/usr/bin/sh": "-> dash",
    "/usr/bin/dash": "file",
    "/run/lock": "directory",
    "/var/run": "-> /run",
    "/var/lock": "-> ../var/run/lock",
    "/etc/resolv.conf": "-> ../run/resolve/stub.conf",
    "/run/resolve/stub.conf": "file",
    "/loop/a": "-> b",
    "/loop/b": "-> a",
    "/srv/app/log": "-> /etc/shadow",
    "/srv/link": "-> app",
    "/etc/shadow": "file",
    "/odd": "-> /run/\x01",
    "/star": "-> /run/a*b",
    "/proc/self": "-> 1",
    "/proc/1/status": "file",
    "/home/bob/planted": "-> /etc/shadow",
    "/home/bob/site/placed": "-> /etc/shadow",
    "/home/ours": "-> bob/planted",
  },
  ["/proc"],
  ["/home/bob/planted", "/home/bob/site"],
);

const canonical = (...lines: string[]) => {
  const result = canonicalise(names(...lines), host);
  return {
    ...result,
    rules: result.rules.map(({ effect, permissions, pattern }) => {
      return `${effect === "deny" ? "deny " : ""}${formatLetters(permissions)} ${pattern}`;
    }),
  };
};

describe("patterns are rewritten through the symbolic links of the host", () => {
  test.each([
    ["r /etc/passwd", ["r /etc/passwd"]],
    ["r /var/run/*.pid", ["r /run/*.pid"]],
    ["r /var/run/**", ["r /run/**"]],
    ["r /var/lock/**", ["r /run/lock/**"]],
    ["x /bin/dash", ["x /usr/bin/dash"]],
    ["x /bin/sh", ["x /usr/bin/dash"]],
    ["r /var/run/not/there", ["r /run/not/there"]],
    ["r /{bin,sbin}/x", ["r /usr/bin/x", "r /sbin/x"]],
    ["r /{etc,opt}/x", ["r /{etc,opt}/x"]],
    ["r /star/x", ["r /run/a\\*b/x"]],
    ["r /proc/self/status", ["r /proc/self/status"]],
    ["connect unix @x", [" @x"]],
    ["r {/bin/dash,@bin}", ["r /usr/bin/dash", "r @bin"]],
    ["r /*/x", ["r /*/x"]],
  ])("%s", (line, expected) => expect(canonical(line).rules).toEqual(expected));

  test("what is done to a link itself stays with the link's name", () => {
    expect(canonical("rwda /etc/resolv.conf").rules).toEqual([
      "da /etc/resolv.conf",
      "rwa /run/resolve/stub.conf",
    ]);
    expect(canonical("d /bin/sh").rules).toEqual(["d /usr/bin/sh"]);
  });

  test("a deny holds for every name a file has", () => {
    expect(canonical("deny r /bin/sh").rules).toEqual([
      "deny r /bin/sh",
      "deny r /usr/bin/sh",
      "deny r /usr/bin/dash",
    ]);
    expect(canonical("deny r /var/run/**").rules).toEqual(["deny r /var/run/**", "deny r /run/**"]);
  });

  test("what was resolved is listed once, sorted, as names", () => {
    expect(canonical("r /var/run/*", "w /var/run/x*", "x /bin/dash").resolved).toEqual([
      { written: "/bin/dash", canonical: "/usr/bin/dash" },
      { written: "/var/run", canonical: "/run" },
    ]);
  });

  test("a loop of links ends, and is reported", () => {
    const { rules, unfollowed } = canonical("r /loop/a/x");
    expect(rules).toEqual(["r /loop/a/x"]);
    expect(unfollowed).toMatchObject([{ why: "loop" }]);
  });

  test("a target whose name no policy can hold is written byte by byte", () => {
    expect(canonical("r /odd/x").rules).toEqual(["r /run/\\x01/x"]);
    expect(canonical("deny r /odd/x").rules).toEqual(["deny r /odd/x", "deny r /run/\\x01/x"]);
  });
});

describe("a link that the domain may plant is never followed", () => {
  test("so that it cannot turn a grant of its next life to another file", () => {
    const { rules, unfollowed } = canonical("rw /srv/app/log", "rwcd /srv/app/**");
    expect(rules).toEqual(["rw /srv/app/log", "rwcd /srv/app/**"]);
    expect(unfollowed).toMatchObject([{ link: "/srv/app/log", why: "own" }]);
  });

  test("also when the grant to plant it is written through another link", () => {
    const { rules } = canonical("rw /srv/app/log", "c /srv/link/*");
    expect(rules).toEqual(["rw /srv/app/log", "c /srv/app/*"]);
  });

  test("also when a directory with the link could be renamed into its place", () => {
    expect(canonical("rw /srv/app/log", "rwcd /own/**", "cd /srv/app").rules[0]).toBe(
      "rw /srv/app/log",
    );
  });

  test("but by a denial, which can only take away", () => {
    expect(canonical("rwcd /srv/app/**", "deny r /srv/app/log").rules).toContain(
      "deny r /etc/shadow",
    );
  });

  test("a link it may not make is followed", () => {
    expect(canonical("r /srv/app/log").rules).toEqual(["r /etc/shadow"]);
    expect(canonical("r /srv/app/log", "rwcd /srv/app/**", "deny c /srv/app/log").rules[0]).toBe(
      "r /etc/shadow",
    );
  });
});

describe("a link that another user may exchange is never followed", () => {
  test.each([
    ["r /home/bob/planted", "/home/bob/planted"],
    ["r /home/bob/site/placed", "/home/bob/site/placed"],
    ["r /home/ours", "/home/bob/planted"],
  ])("%s", (line, link) => {
    const { rules, unfollowed, resolved, followed } = canonical(line);
    expect(rules).toEqual([line]);
    expect(unfollowed).toMatchObject([{ link, why: "foreign" }]);
    expect(resolved).toEqual([]);
    expect(followed.filter((name) => name !== "/home/ours")).toEqual([]);
  });

  test("but by a denial, and no start depends on it", () => {
    const { rules, followed } = canonical("deny r /home/bob/planted");
    expect(rules).toEqual(["deny r /home/bob/planted", "deny r /etc/shadow"]);
    expect(followed).toEqual([]);
  });
});

test("names resolve as path_resolution(7) says", () => {
  expect(resolveLinks("/var/lock/x", host)).toBe("/run/lock/x");
  expect(resolveLinks("/etc/resolv.conf", host)).toBe("/run/resolve/stub.conf");
  expect(resolveLinks("/loop/a", host)).toBeNull();
  expect(resolveLinks("/", host)).toBe("/");
  expect(resolveLinks("/nothing/../etc", host)).toBe("/etc");
});
