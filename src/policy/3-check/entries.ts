import { diagnose } from "../../diagnostics/diagnose.ts";
import { startOf } from "../../diagnostics/diagnostic.ts";
import type { Check } from "./context.ts";

/** What `enter` names, and what does not enter by it on this host. */
export const checkEntries: Check = ({ entries, name }, context, report) => {
  const { file, engine, whyKeptOutside } = context;
  if (file === undefined) return;
  if (engine !== "bpf-lsm") {
    // Executing a program does not put a process into a domain of landlock's.
    const programs = entries.flatMap((entry) => (entry.kind === "exec" ? [entry.path] : []));
    const paths = programs.map((path) => `\`${path}\``).join(", ");
    if (paths !== "") report(diagnose("entry-not-made", startOf(file), { paths, name }));
    return;
  }
  for (const entry of entries) {
    const why = whyKeptOutside?.(entry) ?? null;
    const rule = entry.kind === "exec" ? `exec: ${entry.path}` : `unit: ${entry.unit}`;
    if (why !== null) report(diagnose("entry-kept-outside", startOf(file), { rule, name, why }));
  }
};
