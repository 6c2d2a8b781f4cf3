import { join } from "node:path";
import { vocabulary } from "../../src/host/load.ts";
import type { PermissionName } from "../../src/model/permission.ts";
import type { Request } from "../../src/model/request.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import type { Need } from "../../src/suggest/need.ts";
import type { SuggestHost } from "../../src/suggest/suggestions.ts";
import { scratchFolder } from "../support/scratch.ts";

/** It is never written: a policy is loaded by its text alone. */
const file = join(scratchFolder("suggest"), "web.yaml");

export const load = (text: string) => loadPolicy(file, { vocabulary: vocabulary(), text }).policy;

/** A host on which these names exist. */
export function hostWith(...existing: string[]): SuggestHost {
  return {
    tree: {
      exists: (path) => existing.includes(path),
      isSetUserId: (path) => path === "/opt/vendor/as-root",
      below: (folder) => existing.filter((path) => path.startsWith(`${folder}/`)),
    },
    abstractions: [],
    groups: vocabulary().groups,
    others: [],
    load,
  };
}

/** The same, with an abstraction that grants and denies what `rules` say. */
export function hostIncluding(name: string, rules: string): SuggestHost {
  return {
    ...hostWith(),
    abstractions: [{ name, summary: name }],
    load: (text) => load(text.includes("include:") ? rules : text),
  };
}

export const need = (request: Request, pid = 1): Need => ({
  request,
  count: 1,
  first: "2026-01-31T10:00:00.000Z",
  last: "2026-01-31T10:00:00.000Z",
  programs: ["/usr/sbin/web"],
  pids: [pid],
});
export const ask = (operation: PermissionName, path: string): Request => ({
  class: "name",
  operation,
  path,
});
export const rename = (from: string, to: string, replaces = false): Request => ({
  class: "two-names",
  operation: "rename",
  from,
  to,
  directory: false,
  replaces,
});

export const TEXT = "summary: web\n";
