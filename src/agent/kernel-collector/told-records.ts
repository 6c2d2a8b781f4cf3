import { readAttribute, writeAttribute } from "../../kernel/attribute.ts";
import { unlessGone } from "../../kernel/unless-gone.ts";

/**
 * How far the records of an anchor's programs were reported. It lies with the records, on the
 * anchor's control group: whatever becomes of files, it is there as long as they are, and no
 * longer. No domain may write control groups, and only root sees this attribute.
 */
const ATTRIBUTE = "trusted.cofferdam.told";

export interface Told {
  readonly told: number;
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly until: bigint;
}

/** By the id of the instance's control group. What is not of this form counts as not reported. */
export function readTold(anchor: string): ReadonlyMap<bigint, Told> {
  const text = unlessGone(() => readAttribute(anchor, ATTRIBUTE)) ?? "";
  return new Map(
    text.split("\n").flatMap((line) => {
      const [, cgroup, told, until] = /^(\d+) (\d+) (\d+)$/.exec(line) ?? [];
      return cgroup === undefined || told === undefined || until === undefined
        ? []
        : [[BigInt(cgroup), { told: Number(told), until: BigInt(until) }] as const];
    }),
  );
}

/**
 * An anchor has at most INSTANCES_MAX (bpf/records.h) instances with records, whose lines are
 * shorter than an attribute may be. The anchor may be gone.
 */
export function writeTold(anchor: string, instances: ReadonlyMap<bigint, Told>): void {
  const lines = [...instances].map(([cgroup, { told, until }]) => `${cgroup} ${told} ${until}`);
  unlessGone(() => writeAttribute(anchor, ATTRIBUTE, lines.join("\n")), ["ENOENT"]);
}
