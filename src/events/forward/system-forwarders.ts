import { Forwarder, type ForwardState } from "./forwarder.ts";
import { journalSink } from "./journal-sink.ts";
import { textSink } from "./text-sink.ts";
import { vmkernelLine } from "./vmkernel.ts";
import { vobdLines } from "./vobd.ts";

/** The caller keeps their states under these names. */
export const sinkNames = ["vmkernel", "vobd", "journald"] as const;
export type SinkName = (typeof sinkNames)[number];
export type ForwardStates = Readonly<Partial<Record<SinkName, ForwardState>>>;

/** For the agent: vmkernel.log and vobd.log beside the log, and journald. */
export function systemForwarders(
  folder: string,
  states: ForwardStates,
): Readonly<Record<SinkName, Forwarder>> {
  const of = (name: SinkName) => states[name] ?? null;
  return {
    vmkernel: new Forwarder(folder, textSink(folder, "vmkernel.log", vmkernelLine), of("vmkernel")),
    vobd: new Forwarder(folder, textSink(folder, "vobd.log", vobdLines), of("vobd")),
    journald: new Forwarder(folder, journalSink(), of("journald")),
  };
}
