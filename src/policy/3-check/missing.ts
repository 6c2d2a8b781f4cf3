import { diagnose } from "../../diagnostics/diagnose.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { Permission } from "../../model/permission.ts";
import { prefixOf } from "../../model/within.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";
import { follow } from "./follow.ts";

/** Rules for missing names, with the most similar existing name. */
export const checkMissing: Check = (policy, { snapshot }, report) => {
  if (!snapshot) return;
  const seen = new Set<string>();
  for (const rule of policy.names) {
    const path = prefixOf(rule);
    if (rule.effect === "deny" || !path.startsWith("/") || seen.has(path)) continue;
    seen.add(path);
    const result = follow(path, snapshot);
    if (result.outcome !== "missing") continue;
    // A file that the daemon may make need not exist, as long as its folder does.
    const makes = (rule.permissions & (Permission.create | Permission.listen)) !== 0;
    if (makes && result.rest.length === 0) continue;
    const near = nearest(result.name, snapshot.list(result.folder) ?? []);
    // Sockets come and go with their servers, so only a near miss is reported.
    if (near === null && (rule.permissions & Permission.connect) !== 0) continue;
    const folder = result.folder === "/" ? "" : result.folder;
    const suggestion = near === null ? null : [`${folder}/${near}`, ...result.rest].join("/");
    report(diagnose("path-missing", spanOf(rule.source), { path }, suggestion));
  }
};
