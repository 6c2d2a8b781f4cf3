import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Policy } from "../../src/model/policy.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { printPolicy } from "../../src/policy/print.ts";
import { policyText } from "./generators.ts";
import { vocabulary } from "./vocabulary.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cofferdam-print-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(text: string): ReturnType<typeof loadPolicy> {
  const file = join(folder, "web.yaml");
  writeFileSync(file, text, { mode: 0o644 });
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

  it("writes what variables, groups and lists stand for, and keeps text that looks like a reference", () => {
    const { policy } = load(
      'vars: { a: ["/x y", "/{b,c}"], d: "{e,f}" }\nfiles: ["r ${a}/*", "w /\\\\${q,r} /$${d}"]\nsyscalls: ["@system-service", deny openat]',
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
        ...["close", "futex", "keyctl", "openat", "read", "write", "deny openat"].map(
          (name) => `  - "${name}"`,
        ),
        'core-dumps: "none"',
        "",
      ].join("\n"),
    );
  });
});
