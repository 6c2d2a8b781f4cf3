import { diagnose } from "../../diagnostics/diagnose.ts";
import { whyNotCompared } from "../../model/unix-names/pattern.ts";
import { unsoundUnixGrants } from "../../model/unix-names/unsound.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";

/** Unix sockets that are granted by name, while the name alone does not determine the socket. */
export const checkSocketPaths: Check = (policy, { facts, snapshot = null }, report) => {
  const unsound = unsoundUnixGrants(policy);
  for (const { rule, why, example } of unsound) {
    const cause =
      why === "root"
        ? "changing its root directory"
        : `what it may create or delete: ${example ?? "any name"}`;
    report(
      diagnose("writable-socket-path", spanOf(rule.source), { rule: rule.source.text, cause }),
    );
  }
  // The compiler decides in the same order: `sockets/modes.ts`.
  if (unsound.length > 0 || facts?.features["cgroup-unix"]?.state !== "yes") return;
  for (const rule of policy.names) {
    const why = whyNotCompared(rule, snapshot);
    if (why === null) continue;
    const values = { rule: rule.source.text, why };
    report(diagnose("brokered-socket-pattern", spanOf(rule.source), values));
  }
};
