import { diagnose } from "../../diagnostics/diagnose.ts";
import { startOf } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import type { Check } from "./context.ts";

/** The user and group the daemon runs as exist. */
export const checkAccounts: Check = (policy, { accounts, file }, report) => {
  if (!accounts) return;
  const wanted = [
    { kind: "user", name: policy.user, known: accounts.users },
    { kind: "group", name: policy.group, known: accounts.groups },
  ] as const;
  for (const { kind, name, known } of wanted) {
    if (name === null || known.has(name)) continue;
    report(
      diagnose(
        "unknown-user",
        startOf(file ?? `${policy.name}.yaml`),
        { kind, name },
        nearest(name, known),
      ),
    );
  }
};
