import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { PUBLIC_FILE } from "../../src/base/modes.ts";
import type { Policy } from "../../src/model/policy.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { printPolicy } from "../../src/policy/print.ts";
import { scratchFolder } from "../support/scratch.ts";
import { policyText } from "./generators.ts";
import { vocabulary } from "./vocabulary.ts";

let folder = "";
beforeAll(() => {
  folder = scratchFolder("print");
});

function load(text: string): ReturnType<typeof loadPolicy> {
  const file = join(folder, "web.yaml");
  writeFileSync(file, text, { mode: PUBLIC_FILE });
  return loadPolicy(file, { vocabulary });
}

/** What a policy means, without where it was written. */
function meaning(policy: Policy | null): unknown {
  return JSON.parse(
    JSON.stringify(policy, (key, value) =>
      key === "source" ? undefined : value instanceof Uint8Array ? [...value] : value,
    ),
  );
}

describe("printPolicy", () => {
  it("a group is granted without what no domain is given, and denied whole", () => {
    const { policy } = load('syscalls: ["@system-service", "@never", "deny @mount"]');
    const calls = policy?.syscalls.map(({ effect, token }) => `${effect} ${token}`);
    expect(calls).not.toContain("allow keyctl");
    expect(calls).toEqual(expect.arrayContaining(["allow openat", "deny mount", "deny chroot"]));
  });

  it("print then parse is the identity", () => {
    fc.assert(
      fc.property(policyText, (text) => {
        const first = load(text);
        expect(first.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
        const printed = printPolicy(first.policy as Policy);
        const second = load(printed);
        expect(meaning(second.policy), printed).toEqual(meaning(first.policy));
        expect(printPolicy(second.policy as Policy)).toBe(printed);
      }),
      { numRuns: 250 },
    );
  });

  it("writes out variables, groups and lists, and keeps text that looks like a reference", () => {
    const { policy } = load(
      'vars: { a: ["/x y", "/{b,c}"], d: "{e,f}" }\nfiles: ["r ${a}/*", "w /\\\\${q,r} ' +
        '/$${d}"]\nsyscalls: ["@system-service", deny openat]',
    );
    expect(printPolicy(policy as Policy)).toBe(
      [
        'domain: "web"',
        'level: "enforcing"',
        'mediation: "sealed"',
        "files:",
        '  - "r /x\\\\ y/*"',
        '  - "r /{b,c}/*"',
        '  - "w /\\\\${q,r}"',
        '  - "w /\\\\${e,f}"',
        "syscalls:",
        ...["close", "futex", "openat", "read", "write", "deny openat"].map(
          (name) => `  - "${name}"`,
        ),
        'core-dumps: "none"',
        'late-names: "sealed"',
        "",
      ].join("\n"),
    );
  });
});
