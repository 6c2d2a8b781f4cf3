import { diagnose } from "../../diagnostics/diagnose.ts";
import { startOf } from "../../diagnostics/diagnostic.ts";
import type { Check } from "./context.ts";

/** Executing a program under `enter` does not put a process into a domain of landlock's. */
export const checkEntries: Check = ({ entries, name }, { file, engine }, report) => {
  if (file === undefined || engine === "bpf-lsm") return;
  const programs = entries.flatMap((entry) => (entry.kind === "exec" ? [entry.path] : []));
  if (programs.length === 0) return;
  const paths = programs.map((path) => `\`${path}\``).join(", ");
  report(diagnose("entry-not-made", startOf(file), { paths, name }));
};
