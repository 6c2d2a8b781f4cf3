import { attachTypes } from "../../kernel/bpf/attach-types.ts";
import { readCounters } from "../../kernel/bpf/counters.ts";
import { type RefusalKind, refusalKinds } from "../../kernel/bpf/refusals.ts";
import { withDirectory } from "./directory.ts";

export { refusalKinds as denialKinds } from "../../kernel/bpf/refusals.ts";

export type DenialCounts = Readonly<Record<RefusalKind, bigint>>;

/** Since the anchor was made, for all its processes together. */
export function denialCounts(anchor: string): DenialCounts {
  const counts = withDirectory(anchor, (fd) =>
    readCounters(fd, attachTypes.connect4, "denials", refusalKinds.length),
  );
  return Object.fromEntries(
    refusalKinds.map((kind, index) => [kind, counts[index]]),
  ) as DenialCounts;
}
