import { wrap } from "../../base/wrap.ts";
import { differencesOf, type EngineDifference } from "../../model/engines/differences.ts";
import { rulesWithHooks } from "../../model/engines/lsm-holdings.ts";
import type { Level } from "../../model/level.ts";
import type { Entry, Policy } from "../../model/policy.ts";

/** What the bpf-lsm engine does for a domain; also what `cofferdam plan --json` prints. */
export interface LsmPlan {
  readonly domain: string;
  readonly number: number | null;
  readonly level: Level;
  readonly engine: "bpf-lsm";
  /** Of the table in the kernel, from which hooks decide. */
  readonly tableBytes: number;
  readonly entries: readonly { readonly entry: string; readonly how: string }[];
  /** Every rule with the hooks that decide it; without hooks what no program looks at. */
  readonly rules: readonly { readonly rule: string; readonly hooks: readonly string[] }[];
  /** Of the policy's lines, what is held otherwise than by landlock, or not. */
  readonly differences: readonly (Pick<EngineDifference, "what" | "way" | "help"> & {
    readonly rules: readonly string[];
    readonly how: string;
  })[];
}

interface Standing {
  readonly number: number | null;
  readonly level: Level;
}

/** `table`: of the policy, as the kernel gets it. */
export function lsmPlan(policy: Policy, { number, level }: Standing, table: Uint8Array): LsmPlan {
  return {
    ...{ domain: policy.name, number, level, engine: "bpf-lsm", tableBytes: table.length },
    entries: policy.entries.map(entryOf),
    rules: rulesWithHooks(policy).map(({ text, hooks }) => ({ rule: text, hooks })),
    differences: differencesOf(policy).map(({ difference, lines }) => ({
      what: difference.what,
      way: difference.way,
      rules: lines.map(({ text }) => text),
      how: difference.lsm,
      help: difference.help,
    })),
  };
}

function entryOf(entry: Entry): { readonly entry: string; readonly how: string } {
  if (entry.kind === "exec")
    return { entry: `exec ${entry.path}`, how: "whoever executes it, from no domain" };
  const { unit, outside = [] } = entry;
  const byLauncher = "cofferdam unit enable lets it enter through the launcher";
  if (outside.length > 0)
    return {
      entry: `unit ${unit}`,
      how: `not in the kernel, because ${outside.join(", ")} stays outside; ${byLauncher}`,
    };
  if (unit.includes("@"))
    return { entry: `unit ${unit}`, how: `not in the kernel: it is a template; ${byLauncher}` };
  return { entry: `unit ${unit}`, how: "whatever is executed in its control group" };
}

export function renderLsmPlan(plan: LsmPlan, width: number): string {
  const { domain, number, level, tableBytes, entries, rules, differences } = plan;
  const name = `${domain}${number === null ? "" : ` (${number})`}`;
  const head = `domain ${name}, level ${level}, engine bpf-lsm`;
  const blocks = [
    [head, item(`a table of ${tableBytes / 1024} KiB in the kernel`, width)],
    ["enters", ...entries.map(({ entry, how }) => item(`${entry}: ${how}`, width))],
    ["rules, and the hooks of the kernel that decide them", ...byHooks(rules, width)],
    [
      "held in another way than by landlock, or not",
      ...differences.map(({ rules: lines, how, help }) => {
        const fix = help === "" ? "" : `; ${help}`;
        return item(`${lines.join(", ")}: ${how}${fix}`, width);
      }),
    ],
    [wrap("docs/engine-differences.md: what is open, and refused to every domain.", width, "")],
  ];
  return `${blocks
    .filter((lines, at) => lines.length > 1 || at === blocks.length - 1)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

/** Rules that the same hooks decide share an entry; those that none decides are differences. */
function byHooks(rules: LsmPlan["rules"], width: number): readonly string[] {
  const groups = new Map<string, string[]>();
  for (const { rule, hooks } of rules)
    if (hooks.length > 0) {
      const key = hooks.join(" ");
      groups.set(key, [...(groups.get(key) ?? []), rule]);
    }
  return [...groups].map(([hooks, lines]) => item(`${lines.join(", ")} -> ${hooks}`, width));
}

function item(text: string, width: number): string {
  return wrap(`  ${text}`, width, "    ");
}
