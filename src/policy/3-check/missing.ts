import { diagnose } from "../../diagnostics/diagnose.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { Permission } from "../../model/permission.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";
import { follow } from "./follow.ts";
import { prefixOf } from "./overlap.ts";

/** Rules for names that are not there, with the near miss among those that are. */
export const checkMissing: Check = (policy, { snapshot }, report) => {
  if (!snapshot) return;
  const seen = new Set<string>();
  for (const rule of policy.names) {
    const path = prefixOf(rule);
    if (rule.effect === "deny" || !path.startsWith("/") || seen.has(path)) continue;
    seen.add(path);
    const result = follow(path, snapshot);
    // What the daemon may make itself need not be there, as long as its folder is; sockets come with their servers.
    const mayCome = (rule.permissions & (Permission.create | Permission.connect | Permission.listen)) !== 0;
    if (result.outcome !== "missing" || (mayCome && result.rest.length === 0)) continue;
    const near = nearest(result.name, snapshot.list(result.folder) ?? []);
    const folder = result.folder === "/" ? "" : result.folder;
    const suggestion = near === null ? null : [`${folder}/${near}`, ...result.rest].join("/");
    report(diagnose("path-missing", spanOf(rule.source), { path }, suggestion));
  }
};
