import { readJson } from "../../base/read-json.ts";
import * as is from "../../base/schema.ts";
import { readIfThere } from "../../kernel/read-if-there.ts";
import { levels } from "../../model/policy.ts";

const tied = is.object({
  landlockDomain: is.text,
  domain: is.text,
  number: is.nullable(is.whole()),
  level: is.oneOf(...levels),
  pid: is.whole(),
  own: is.nullable(is.whole()),
  seen: is.whole(),
  unattributed: is.whole(),
  counted: is.boolean,
});

/**
 * From a collector to the next one, about Landlock: the programs of control groups have theirs with
 * their records (`told-records.ts`). It lies below /run, so it is of this boot.
 */
const collectorState = is.object({
  /** False while a collector works: it may have reported more than is written here. */
  closed: is.boolean,
  /** Of the last audit record that was reported. */
  serial: is.whole(),
  tied: is.list(tied),
  /** Inode of the bpf-lsm engine's ring buffer on its bpffs, which `dropped` is about. */
  buffer: is.added(is.nullable(is.whole()), null),
  /** By number of the domain: the dropped requests that were told. */
  dropped: is.added(is.list(is.object({ number: is.whole(), count: is.whole() })), []),
});

export type CollectorState = is.Described<typeof collectorState>;

const nothing: CollectorState = {
  closed: true,
  serial: 0,
  tied: [],
  buffer: null,
  dropped: [],
};

/** An unreadable state counts as none: what came while no collector read is then lost. */
export function readCollectorState(path: string): CollectorState {
  const text = readIfThere(path);
  if (text === null) return nothing;
  const read = readJson(collectorState, text);
  return read.state === "good" ? read.value : nothing;
}
