import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generate as generateDiagnostics } from "../../scripts/generate/diagnostics.ts";
import { generate as generateLanguage } from "../../scripts/generate/language.ts";
import { keys } from "../../src/policy/language.ts";
import { policySchema } from "../../src/policy/schema.ts";

const root = join(import.meta.dirname, "..", "..");

/** `scripts/generate.mjs` wraps documents; `--check` compares them to the byte. */
function words(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

describe("generated files", () => {
  for (const { path, text } of [...generateLanguage(), ...generateDiagnostics()]) {
    it(`${path} is what npm run generate writes`, () => {
      expect(words(readFileSync(join(root, path), "utf8"))).toBe(words(text));
    });
  }
});

describe("the schema", () => {
  const { properties } = policySchema() as {
    properties: Record<string, { items?: { pattern?: string } }>;
  };

  it("knows the keys that the parser knows, and no others", () => {
    expect(Object.keys(properties)).toEqual(Object.keys(keys));
  });

  it("accepts the lines of the reference", () => {
    const examples: Record<string, string[]> = {
      files: ["r /etc/nginx/**", "deny /srv/x", "deny rw /a", "rw ${root}/x"],
      network: ["listen tcp 80 443", "connect unix /run/a.sock", "deny netlink *", "ping"],
      transitions: ["/usr/sbin/sendmail -> mail"],
      ipc: ["shm sem", "deny msg"],
      memory: ["jit", "deny memfd"],
      capabilities: ["chown", "deny kill"],
      syscalls: ["@system-service", "deny chroot"],
    };
    for (const [key, lines] of Object.entries(examples)) {
      for (const line of lines)
        expect(line).toMatch(new RegExp(properties[key]?.items?.pattern ?? "^$"));
    }
    expect("conect tcp 80").not.toMatch(new RegExp(properties.network?.items?.pattern ?? ""));
    expect("/etc/hosts").toMatch(new RegExp(properties.files?.items?.pattern ?? "^$"));
  });
});
