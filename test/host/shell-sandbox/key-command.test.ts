import { expect, test } from "vitest";
import { commandOfKeys } from "../../../src/host/shell-sandbox/key-command.ts";
import { keyFiles } from "../../../src/host/shell-sandbox/login-key.ts";
import { readSshdConfiguration } from "../../../src/host/shell-sandbox/sshd-configuration.ts";

/** A key of a type, as authorized_keys has it. */
function key(content: string, type = "ssh-ed25519"): string {
  const name = Buffer.from(type);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  return `${type} ${Buffer.concat([length, name, Buffer.from(content)]).toString("base64")}`;
}

const own = key("own");
const auth = (...keys: readonly string[]): string =>
  keys.map((one) => `publickey ${one}\n`).join("");

test.each([
  ["a bare key", `${own} me@here\n`],
  [
    "comments, other keys, and options that limit no command",
    `# x\n\n${key("other")}\n\t restrict,pty ${own} me\r\n`,
  ],
  [
    "a command in another option's value, and one in a comment",
    `environment="A=,command=\\"x\\"" ${own} command="y"\ncommand="z" ${key("other")}\n`,
  ],
  ["no key at all", ""],
])("%s: any command", (what, file) => {
  expect(commandOfKeys(what === "no key at all" ? "password\n" : auth(own), file)).toEqual({
    kind: "any",
  });
});

test.each([
  ['command="backup --all"', "backup --all"],
  ['from="10.0.0.0/8,*.example",COMMAND="say \\"a, b\\" # c",no-pty', 'say "a, b" # c'],
  ['command=""', ""],
])("%s: this one alone", (options, command) => {
  expect(commandOfKeys(auth(own), `${options} ${own}\n`)).toEqual({ kind: "one", command });
});

test("of several keys the one that is limited counts", () => {
  const file = `${own}\ncommand="x" ${key("second")}\n`;
  expect(commandOfKeys(`password\n${auth(own, key("second"))}`, file)).toEqual({
    kind: "one",
    command: "x",
  });
});

test.each([
  ["a key that is in no file", auth(own), key("other"), /in none of your/],
  ["a key that stands there twice", auth(own), `${own}\ncommand="x" ${own}\n`, /more than once/],
  [
    "keys for different commands",
    auth(own, key("2")),
    `command="x" ${own}\ncommand="y" ${key("2")}\n`,
    /different/,
  ],
  ["a certificate", auth(key("c", "ssh-ed25519-cert-v01@openssh.com")), `${own}\n`, /certificate/],
])("%s: refused", (_what, userAuth, file, why) => {
  expect(commandOfKeys(userAuth, file)).toMatchObject({
    kind: "refused",
    why: expect.stringMatching(why),
  });
});

test("every file of keys that sshd might read is looked into", () => {
  const files = new Map([
    ["/etc/ssh/sshd_config", "AuthorizedKeysFile %h/.ssh/keys /etc/keys/%u-%U%%\nInclude x.conf\n"],
    [
      "/etc/ssh/x.conf",
      'Match User eve\nAuthorizedKeysFile none\nMatch all\nAuthorizedKeysFile="of me"\n',
    ],
  ]);
  const read = (path: string): string => files.get(path) ?? "";
  const lines = readSshdConfiguration("/etc/ssh/sshd_config", { read, list: () => ["x.conf"] });
  expect(
    keyFiles(lines, { name: "eve", uid: 7, gid: 7, home: "/home/eve", shell: "/bin/sh" }),
  ).toEqual([
    "/home/eve/.ssh/authorized_keys",
    "/home/eve/.ssh/authorized_keys2",
    "/home/eve/.ssh/keys",
    "/etc/keys/eve-7%",
    "/home/eve/of me",
  ]);
});
