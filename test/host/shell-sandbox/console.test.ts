import { expect, test } from "vitest";
import { consoleNameServices, consolePasswd } from "../../../src/host/shell-sandbox/console.ts";

const LOGIN = "/usr/lib/cofferdam/bin/cofferdam-login";

test("whoever may log in at a console starts the client; who may not still may not", () => {
  const passwd = [
    "root:x:0:0:root:/root:/bin/bash",
    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin",
    "eve:x:1000:1000:Eve,,,:/home/eve:",
    "odd:x:1001:1001::/home/odd:/not/there/yet",
    "sync:x:4:65534:sync:/bin:/bin/sync",
  ].join("\n");
  expect(
    consolePasswd(`${passwd}\n`, LOGIN)
      .split("\n")
      .map((line) => line.split(":").at(-1)),
  ).toEqual([LOGIN, "/usr/sbin/nologin", LOGIN, LOGIN, LOGIN, ""]);
  expect(consolePasswd(passwd, LOGIN)).toContain("eve:x:1000:1000:Eve,,,:/home/eve:");
});

test("lines that bring accounts from elsewhere, and broken ones, bring none", () => {
  expect(consolePasswd("+::::::/bin/sh\n+@admins\n-eve\nroot:x:0:0\n\n", LOGIN)).toBe("");
});

test("a console knows accounts from that file alone", () => {
  expect(
    consoleNameServices("# x\n passwd : files systemd ldap\ngroup: files\nhosts: files dns\n"),
  ).toBe("passwd: files\n# x\ngroup: files\nhosts: files dns\n");
});
