import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { groups } from "../../src/kernel/syscall-groups.ts";
import { parsePolicy } from "../../src/policy/1-parse/parse.ts";
import { languageMarkdown, type ShippedAbstraction } from "../../src/policy/language-markdown.ts";
import { policySchema } from "../../src/policy/schema.ts";

const folder = fileURLToPath(new URL("../../domains/abstractions", import.meta.url));

function abstractions(): readonly ShippedAbstraction[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  return files.sort().map((file) => {
    const name = basename(file, ".yaml");
    const diagnostics: string[] = [];
    const input = {
      file,
      bytes: readFileSync(join(folder, file)),
      kind: "abstraction",
      name,
    } as const;
    const source = parsePolicy(input, ({ message }) => void diagnostics.push(message));
    if (!source?.summary) throw new Error(`${file} has no summary: ${diagnostics.join("; ")}`);
    return { name, summary: source.summary.text };
  });
}

/** `docs/language.md` and `schema/policy.schema.json`, from the table of keys. */
export function generate(): { path: string; text: string }[] {
  return [
    { path: "docs/language.md", text: languageMarkdown(Object.keys(groups()), abstractions()) },
    { path: "schema/policy.schema.json", text: `${JSON.stringify(policySchema(), null, 2)}\n` },
  ];
}
