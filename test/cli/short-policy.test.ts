import { expect, test } from "vitest";
import { shortPolicy } from "../../src/cli/render/short-policy.ts";
import { groups } from "../../src/kernel/syscall-groups.ts";

const policy = (syscalls: readonly string[]) =>
  "domain: " +
  `"x"\nsyscalls:\n${syscalls.map((name) => `  - ${JSON.stringify(name)}\n`).join("")}signals:\n ` +
  ` - "self"\n`;

test("calls of a group that is granted as a whole are named by the group", () => {
  const [service = [], pkey = []] = [groups()["@system-service"], groups()["@pkey"]];
  expect(shortPolicy(policy([...service, ...pkey, "bpf"]))).toBe(
    policy(["@system-service", "@pkey", "bpf"]),
  );
});

test("a group with one call missing stays a list, and denied calls stay denied", () => {
  const pkey = groups()["@pkey"] ?? [];
  const text = policy([...pkey.slice(1), "deny open"]);
  expect(shortPolicy(text)).toBe(text);
});

test("what is short already stays as it is", () => {
  expect(shortPolicy('domain: "x"\n')).toBe('domain: "x"\n');
  expect(shortPolicy(policy(["bpf"]))).toBe(policy(["bpf"]));
});

test("the last section of a file is a section too", () => {
  const pkey = groups()["@pkey"] ?? [];
  expect(shortPolicy(`syscalls:\n${pkey.map((name) => `  - "${name}"\n`).join("")}`)).toBe(
    'syscalls:\n  - "@pkey"\n',
  );
});
