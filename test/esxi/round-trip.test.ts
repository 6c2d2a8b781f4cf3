import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadDirectory } from "../../src/esxi/language/load-directory.ts";
import type { PathKind } from "../../src/esxi/language/path-tree.ts";
import { printRules } from "../../src/esxi/language/print.ts";
import { vocabulary } from "../../src/host/load.ts";
import { decide } from "../../src/model/decide.ts";
import { Permission, type PermissionName } from "../../src/model/permission.ts";
import type { Policy } from "../../src/model/policy.ts";
import { printPolicy } from "../../src/policy/print.ts";
import { scratchFolder } from "../support/scratch.ts";

const folder = scratchFolder("round");
mkdirSync(join(folder, "domains"));

/** A host whose names state their type; nothing is below a name that is no directory. */
const kinds: Readonly<Record<string, PathKind>> = {
  d: "directory",
  e: "directory",
  f: "file",
  v: "device",
  n: "absent",
};
const kindOf = (path: string): PathKind => {
  const [, ...names] = path.split("/");
  const isReached = names.slice(0, -1).every((name) => kinds[name] === "directory");
  return (isReached ? kinds[names.at(-1) ?? ""] : undefined) ?? "absent";
};
const words = vocabulary();

function read(rules: string): Policy {
  writeFileSync(join(folder, "domains", "toolDom"), rules);
  const { domains, diagnostics } = loadDirectory(folder, words, kindOf);
  expect(diagnostics).toEqual([]);
  const policy = domains[0]?.policy;
  if (policy === undefined) throw new Error(`nothing came of ${rules}`);
  return policy;
}

const name = fc.constantFrom("d", "e", "f", "v", "n");
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join("/")}`);
const pattern = fc
  .tuple(path, fc.constantFrom("", "", "/**", "/**", "/*", "*"))
  .map((parts) => parts.join(""));
const file = fc
  .tuple(
    fc.constantFrom("", "", "", "deny "),
    fc.constantFrom("r", "rx", "x", "w", "wcd", "rwcd", "rw", "rwcda", "ri"),
    pattern,
  )
  .map(
    ([effect, letters, target]) => `#+ files: ${JSON.stringify(`${effect}${letters} ${target}`)}`,
  );
const network = fc
  .constantFrom(
    "connect tcp *",
    "listen tcp *",
    "connect udp *",
    "listen udp *",
    "listen tcp 80",
    "deny connect tcp loopback:*",
    "connect unix /d/**",
    "vsock",
    "netlink route",
  )
  .map((rule) => `#+ network: ${JSON.stringify(rule)}`);
const calls = fc
  .constantFrom(
    "@system-service",
    "@network-io",
    "@file-system",
    "@basic-io",
    "ioctl",
    "deny ptrace",
    "deny execve",
    "fork",
    "kill",
  )
  .map((rule) => `#+ syscalls: ${JSON.stringify(rule)}`);
const rules = fc.array(fc.oneof({ weight: 4, arbitrary: file }, network, calls), {
  minLength: 1,
  maxLength: 12,
});

/** All of a policy that is no name of a file, as a set of lines. */
function otherLines(policy: Policy): readonly string[] {
  return printPolicy({
    ...policy,
    names: policy.names.filter(
      (rule) => (rule.permissions & (Permission.connect | Permission.listen)) !== 0,
    ),
  })
    .split("\n")
    .sort();
}

test("what is printed in ESXi's language and read back means the same", () => {
  let plain = 0;
  fc.assert(
    fc.property(rules, fc.array(path, { minLength: 8, maxLength: 12 }), (lines, names) => {
      const policy = read(`${lines.join("\n")}\n`);
      const printed = printRules(policy, kindOf);
      plain += printed.split("\n").filter((line) => /^-[rcp] /.test(line)).length;
      const back = read(printed);
      expect(otherLines(back)).toEqual(otherLines(policy));
      for (const one of names)
        for (const operation of Object.keys(Permission) as PermissionName[]) {
          const request = { class: "name", operation, path: one } as const;
          expect([one, operation, decide(back, request).outcome]).toEqual([
            one,
            operation,
            decide(policy, request).outcome,
          ]);
        }
    }),
    { numRuns: 80 },
  );
  // Not everything may hide in our own comments.
  expect(plain).toBeGreaterThan(10);
});
