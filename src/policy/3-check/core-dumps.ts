import { diagnose } from "../../diagnostics/diagnose.ts";
import { startOf } from "../../diagnostics/diagnostic.ts";
import type { Check } from "./context.ts";

/** What this host does at a crash, where the policy or the host lets it do something. */
export const checkCoreDumps: Check = (policy, { file, facts }, report) => {
  const crash = facts?.crash;
  if (file === undefined || crash === undefined) return;
  const isAllowed = policy.coreDumps === "allowed";
  if (!isAllowed && !crash.whateverTheLimit) return;
  const fix = isAllowed
    ? "leave `core-dumps` out where nobody reads the core files"
    : "set `kernel.core_pattern` to something that does not begin with `@`";
  report(diagnose("core-dumps", startOf(file), { crash: crash.words, fix }));
};
