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

const instance = is.object({
  /** Id of the control group, decimal. */
  cgroup: is.text,
  told: is.whole(),
  /** CLOCK_MONOTONIC, nanoseconds, decimal. */
  until: is.text,
});

/** What a collector leaves to the next one; it lies below /run, so that it is of this boot. */
const collectorState = is.object({
  /** False while a collector works: it may have told of more than is written here. */
  closed: is.boolean,
  /** Of the last audit record that was told of. */
  serial: is.whole(),
  tied: is.list(tied),
  instances: is.list(instance),
});

export type CollectorState = is.Described<typeof collectorState>;

const nothing: CollectorState = { closed: true, serial: 0, tied: [], instances: [] };

/** One that cannot be read counts as none: what was told already may be told again. */
export function readCollectorState(path: string): CollectorState {
  const text = readIfThere(path);
  if (text === null) return nothing;
  const read = readJson(collectorState, text);
  return read.state === "good" ? read.value : nothing;
}
