import { hasError } from "../diagnostics/diagnostic.ts";
import { renderDiagnostics } from "../diagnostics/render.ts";
import { libraryFile, load } from "../host/load.ts";
import type { Places } from "../host/places.ts";
import type { Policy } from "../model/policy.ts";
import { type Basis, basisOf } from "../policy/load.ts";

const MESSAGE_WIDTH = 100;

export type ReadPolicy =
  | {
      readonly state: "good";
      readonly policy: Policy;
      readonly file: string;
      readonly basis: Basis | null;
    }
  /** None of the files behind the policy in force has changed. */
  | { readonly state: "same" }
  | { readonly state: "bad"; readonly problems: string; readonly file: string }
  | { readonly state: "gone" };

export function readPolicy(places: Places, name: string): ReadPolicy {
  const file = libraryFile(places, name);
  if (file === null) return { state: "gone" };
  const loaded = load(places, { name });
  const { policy, diagnostics, sources } = loaded;
  if (policy !== null) return { state: "good", policy, file, basis: basisOf(loaded) };
  const errors = diagnostics.filter((diagnostic) => hasError([diagnostic]));
  return {
    state: "bad",
    problems: renderDiagnostics(errors, { color: false, sources, width: MESSAGE_WIDTH }),
    file,
  };
}
