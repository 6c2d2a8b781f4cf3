import type { MediatedCall, Remembered } from "../../kernel/mediated-calls/call.ts";
import type { Broker } from "../broker.ts";
import type { Call } from "../call.ts";
import { forgetVerdicts } from "./verdicts.ts";

/** What the verdicts remembered at level warning hang on; ids, umask and capabilities are read anew at each call. */
const MEANING_OF_NAMES: ReadonlySet<Remembered> = new Set(["directories", "namespaces"]);

/** What may give a thread another root directory. A new thread or process has its parent's, or is looked at anew. */
const ROOT_CHANGES: ReadonlySet<string> = new Set(["chroot", "pivot_root", "unshare", "setns"]);

/** A call that gives paths another meaning, seen before it is answered. Working directories may be shared between processes: all are forgotten. */
export function forget(call: Call, row: MediatedCall): void {
  if (row.voids.length === 0) return;
  if (row.voids.some((what) => MEANING_OF_NAMES.has(what))) forgetVerdicts(call.broker, call.name);
  if (ROOT_CHANGES.has(call.name)) call.broker.threads.roots?.differ();
  if (row.class === "exec") {
    call.broker.threads.forget("memory");
    call.target.losesMemory = true;
  }
  if (row.voids.includes("namespaces") || row.voids.includes("confinement")) call.broker.threads.forget("namespaces");
}

/** A call that nobody can name: it may have been any of these. */
export function forgetAll(broker: Broker): void {
  forgetVerdicts(broker, "a call of another architecture");
  broker.threads.roots?.differ();
  broker.threads.forget("memory");
}
