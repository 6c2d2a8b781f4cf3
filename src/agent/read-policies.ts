import { hasError } from "../diagnostics/diagnostic.ts";
import { renderDiagnostics } from "../diagnostics/render.ts";
import { libraryFile, load } from "../host/load.ts";
import type { Places } from "../host/places.ts";
import type { Policy } from "../model/policy.ts";

/** Columns of messages that travel as text. */
const MESSAGE_WIDTH = 100;

export type ReadPolicy =
  | { readonly state: "good"; readonly policy: Policy; readonly file: string }
  | { readonly state: "bad"; readonly problems: string; readonly file: string }
  | { readonly state: "gone" };

/** A domain's file as it lies there now. */
export function readPolicy(places: Places, name: string): ReadPolicy {
  const file = libraryFile(places, name);
  if (file === null) return { state: "gone" };
  const { policy, diagnostics, sources } = load(places, { name });
  if (policy !== null) return { state: "good", policy, file };
  const errors = diagnostics.filter((diagnostic) => hasError([diagnostic]));
  return { state: "bad", problems: renderDiagnostics(errors, { color: false, sources, width: MESSAGE_WIDTH }), file };
}
