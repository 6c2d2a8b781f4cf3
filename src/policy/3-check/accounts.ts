import { diagnose } from "../../diagnostics/diagnose.ts";
import { startOf } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import type { Policy } from "../../model/policy.ts";
import type { Check } from "./context.ts";

/**
 * The user and group of the daemon must exist. A user with the name of the policy's unit may be one
 * of systemd's, which is there only while the unit runs (`DynamicUser=`).
 */
export const checkAccounts: Check = (policy, { accounts, file }, report) => {
  if (!accounts) return;
  const wanted = [
    { kind: "user", name: policy.user, known: accounts.users },
    { kind: "group", name: policy.group, known: accounts.groups },
  ] as const;
  for (const { kind, name, known } of wanted) {
    if (name === null || known.has(name) || isOfUnit(policy, name)) continue;
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

function isOfUnit({ entries }: Policy, name: string): boolean {
  return entries.some((entry) => entry.kind === "unit" && entry.unit === `${name}.service`);
}
