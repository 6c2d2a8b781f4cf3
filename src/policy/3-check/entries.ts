import { diagnose } from "../../diagnostics/diagnose.ts";
import { startOf } from "../../diagnostics/diagnostic.ts";
import type { Check } from "./context.ts";

/** Executing a program under `enter` does not put a process into the domain. */
export const checkEntries: Check = ({ entries, name }, { file }, report) => {
  if (file === undefined) return;
  const programs = entries.flatMap((entry) => (entry.kind === "exec" ? [entry.path] : []));
  if (programs.length === 0) return;
  const paths = programs.map((path) => `\`${path}\``).join(", ");
  report(diagnose("entry-not-made", startOf(file), { paths, name }));
};
