import { groups } from "../../src/kernel/syscall-groups.ts";
import { languageMarkdown } from "../../src/policy/language-markdown.ts";
import { policySchema } from "../../src/policy/schema.ts";

/** `docs/language.md` and `schema/policy.schema.json`, from the table of keys. */
export function generate(): { path: string; text: string }[] {
  return [
    { path: "docs/language.md", text: languageMarkdown(Object.keys(groups())) },
    { path: "schema/policy.schema.json", text: `${JSON.stringify(policySchema(), null, 2)}\n` },
  ];
}
