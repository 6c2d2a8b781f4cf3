import { attachTypes } from "../../kernel/bpf/attach-types.ts";
import { readCounters } from "../../kernel/bpf/counters.ts";
import { withDirectory } from "./directory.ts";

/** `enum counter` of bpf/tables.h, in order. */
export const denialKinds = ["create", "connect", "send", "bind", "unixConnect", "unixSend"] as const;

export type DenialCounts = Readonly<Record<(typeof denialKinds)[number], bigint>>;

/** How many calls the programs of an anchor have refused since it was made, all its processes together. */
export function denialCounts(anchor: string): DenialCounts {
  const counts = withDirectory(anchor, (fd) => readCounters(fd, attachTypes.create, "denials", denialKinds.length));
  return Object.fromEntries(denialKinds.map((kind, index) => [kind, counts[index]])) as DenialCounts;
}
