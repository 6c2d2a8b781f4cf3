import { decide } from "../decide.ts";
import { Permission, type PermissionName, type PermissionSet } from "../permission.ts";
import type { Policy } from "../policy.ts";

/** All that a policy grants on a name, as `decide()` answers for each permission. */
export function permissionsOf(policy: Policy, path: string): PermissionSet {
  const operations = Object.keys(Permission) as PermissionName[];
  return operations
    .filter((operation) => {
      return decide(policy, { class: "name", operation, path }).outcome === "granted";
    })
    .reduce((set, operation) => set | Permission[operation], 0);
}
