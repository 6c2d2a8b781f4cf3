import type { MediatedCall, Remembered } from "../../kernel/mediated-calls/call.ts";
import type { Call } from "../call.ts";
import { forgetVerdicts } from "./verdicts.ts";

/** What the verdicts remembered at level warning hang on; ids, umask and capabilities are read anew at each call. */
const MEANING_OF_NAMES: ReadonlySet<Remembered> = new Set(["directories", "namespaces"]);

/** A call that gives paths another meaning, seen before it is answered. Working directories may be shared between processes: all are forgotten. */
export function forget(call: Call, row: MediatedCall): void {
  if (row.voids.length === 0) return;
  if (row.voids.some((what) => MEANING_OF_NAMES.has(what))) forgetVerdicts(call.broker, call.name);
  if (row.class === "exec") call.broker.threads.forget("memory");
  else if (row.voids.includes("namespaces") || row.voids.includes("confinement"))
    call.broker.threads.forget("namespaces");
}
