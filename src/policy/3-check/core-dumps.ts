import { diagnose } from "../../diagnostics/diagnose.ts";
import { startOf } from "../../diagnostics/diagnostic.ts";
import type { Check } from "./context.ts";

/** What this host does at a crash, if the policy or the host allows anything. */
export const checkCoreDumps: Check = (policy, { file, facts }, report) => {
  const crash = facts?.crash;
  if (file === undefined || crash === undefined) return;
  const isAllowed = policy.coreDumps === "allowed";
  if (!isAllowed && !crash.whateverTheLimit) return;
  const fix = isAllowed
    ? "leave `core-dumps` out if you do not need core files"
    : "set `kernel.core_pattern` to something that does not begin with `@`";
  report(diagnose("core-dumps", startOf(file), { crash: crash.words, fix }));
};
