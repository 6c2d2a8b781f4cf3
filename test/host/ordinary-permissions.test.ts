import { describe, expect, test } from "vitest";
import {
  GROUP_FILE,
  PRIVATE_FILE,
  PRIVATE_FOLDER,
  PUBLIC_FILE,
  PUBLIC_FOLDER,
  SHARED_FILE,
  TEMPORARY_FOLDER,
} from "../../src/base/modes.ts";
import { type Asker, ordinaryRefusal } from "../../src/host/ordinary-permissions.ts";
import { S_IFDIR, S_IFREG } from "../../src/kernel/constants.ts";
import type { Request } from "../../src/model/request.ts";

const folder = (mode: number, uid = 0, gid = 0) => ({ mode: S_IFDIR | mode, uid, gid });
const file = (mode: number, uid = 0, gid = 0) => ({ mode: S_IFREG | mode, uid, gid });

const host: Readonly<Record<string, ReturnType<typeof file>>> = {
  "/": folder(PUBLIC_FOLDER),
  "/etc": folder(PUBLIC_FOLDER),
  "/etc/hosts": file(PUBLIC_FILE),
  "/etc/shadow": file(GROUP_FILE, 0, 42),
  "/etc/odd": file(0o077, 33),
  "/root": folder(PRIVATE_FOLDER),
  "/root/key": file(PUBLIC_FILE),
  "/tmp": folder(TEMPORARY_FOLDER),
  "/tmp/other": file(SHARED_FILE),
  "/tmp/own": file(SHARED_FILE, 33),
  "/run/x.sock": file(PRIVATE_FILE),
};
const look = (path: string) => host[path] ?? null;

const user: Asker = { uid: 33, gids: [33], name: "www-data", capabilities: new Set() };
const root: Asker = { uid: 0, gids: [0], name: "root", capabilities: new Set() };
const mighty: Asker = { ...root, capabilities: new Set(["dac_override", "fowner"] as const) };

const ask = (line: string, who: Asker) => {
  const [operation, path = "", to = ""] = line.split(" ");
  const request =
    operation === "rename"
      ? { class: "two-names", operation, from: path, to, directory: false, replaces: false }
      : { class: "name", operation, path };
  return ordinaryRefusal(request as Request, who, look);
};

describe("ordinary permissions, as generic_permission() of the kernel has them", () => {
  test.each([
    [
      "read /etc/shadow",
      user,
      "/etc/shadow has mode 0640, owner 0, group 42: www-data may not read it",
    ],
    ["read /etc/shadow", { ...user, gids: [33, 42] }, null],
    ["write /etc/shadow", { ...user, gids: [42] }, "write it"],
    ["read /etc/hosts", user, null],
    ["read /etc/odd", user, "read it"],
    ["execute /etc/hosts", mighty, "execute it"],
    [
      "read /root/key",
      user,
      "/root has mode 0700, owner 0, group 0: www-data may not pass through it",
    ],
    [
      "create /etc/new",
      user,
      "/etc has mode 0755, owner 0, group 0: www-data may not make or remove",
    ],
    ["create /tmp/new", user, null],
    ["delete /tmp/own", user, null],
    ["delete /tmp/other", user, "remove another user's name from it"],
    ["rename /tmp/own /etc/own", user, "make or remove names in it"],
    ["attributes /etc/hosts", user, "change its attributes"],
    ["connect /run/x.sock", user, "connect to it"],
    ["read /etc/odd", root, null],
    ["write /etc/odd", { ...root, gids: [] }, null],
    ["read /root/key", root, null],
    ["delete /tmp/other", root, null],
    ["delete /tmp/own", root, null],
    ["write /etc/shadow", { ...user, uid: 0 }, null],
    ["read /not/there", user, null],
    ["connect @abstract", user, null],
  ] as const)("%s", (line, who, said) => {
    const answer = ask(line, who);
    if (said === null) expect(answer).toBeNull();
    else expect(answer).toContain(said);
  });

  test("root has only the capabilities of the policy", () => {
    const closed = { "/": folder(PUBLIC_FOLDER), "/x": file(PRIVATE_FILE, 33) } as typeof host;
    const read: Request = { class: "name", operation: "read", path: "/x" };
    expect(ordinaryRefusal(read, root, (path) => closed[path] ?? null)).toContain(
      "root with only the capabilities of the policy may not read it",
    );
    expect(ordinaryRefusal(read, mighty, (path) => closed[path] ?? null)).toBeNull();
  });
});
