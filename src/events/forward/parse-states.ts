import { readJson } from "../../base/read-json.ts";
import * as is from "../../base/schema.ts";
import type { ForwardStates } from "./system-forwarders.ts";

const count = is.whole(0);
const state = is.object({
  position: is.nullable(is.object({ seq: count, hash: is.text, file: is.text, at: count })),
  sink: is.nullable(is.object({ file: is.text, size: count })),
});
const states: is.Schema<ForwardStates> = is.object({
  vmkernel: is.optional(state),
  vobd: is.optional(state),
  journald: is.optional(state),
});

/** The saved progress of each sink. @throws Error for any other text */
export function parseStates(text: string): ForwardStates {
  const read = readJson(states, text);
  if (read.state === "good") return read.value;
  throw new Error(`it does not say how far the sinks are: ${read.problem}`);
}
