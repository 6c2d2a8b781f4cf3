import { casesEntries } from "./catalogue/cases.ts";
import { checkEntries } from "./catalogue/check.ts";
import { compileEntries } from "./catalogue/compile.ts";
import { engineEntries } from "./catalogue/engine.ts";
import type { CatalogueEntry } from "./catalogue/entry.ts";
import { esxiEntries } from "./catalogue/esxi.ts";
import { fileEntries } from "./catalogue/file.ts";
import { resolveEntries } from "./catalogue/resolve.ts";
import { ruleEntries } from "./catalogue/rule.ts";
import { yamlEntries } from "./catalogue/yaml.ts";

/**
 * Every diagnostic, as data: `diagnose()` fills it in, and `docs/diagnostics.md` is generated from
 * it. A code never changes its meaning. 10xx the file, 11xx its YAML, 12xx one rule, 13xx what
 * rules refer to, 20xx the finished policy on a host, 30xx its plan, 40xx policies in ESXi's rule
 * language, 50xx the cases that a policy is tested with.
 */
export const catalogue = {
  ...fileEntries,
  ...yamlEntries,
  ...ruleEntries,
  ...resolveEntries,
  ...checkEntries,
  ...engineEntries,
  ...compileEntries,
  ...esxiEntries,
  ...casesEntries,
} as const satisfies Record<string, CatalogueEntry>;

export type DiagnosticName = keyof typeof catalogue;
