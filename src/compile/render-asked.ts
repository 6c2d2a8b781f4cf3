import { wrap } from "../base/wrap.ts";
import type { PlanReport } from "../plan/plan.ts";

type Asked = PlanReport["brokered"][number];

/** Each cost once, with its calls and reasons below; equal reasons together. */
export function renderAsked(brokered: readonly Asked[], width: number): string[] {
  return grouped(brokered, ({ price }) => price).flatMap(([price, entries]) => [
    wrap(`  ${price}`, width, "    "),
    ...grouped(entries, ({ why }) => why).map(([why, calls]) =>
      wrap(`    ${calls.map(({ call }) => call).join(", ")}: ${why}`, width, "      "),
    ),
  ]);
}

function grouped(list: readonly Asked[], keyOf: (entry: Asked) => string): [string, Asked[]][] {
  const groups = new Map<string, Asked[]>();
  for (const entry of list) groups.set(keyOf(entry), [...(groups.get(keyOf(entry)) ?? []), entry]);
  return [...groups];
}
