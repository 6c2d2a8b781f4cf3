import { answeredOnce } from "../base/answered-once.ts";
import { decide } from "../model/decide.ts";
import type { Policy } from "../model/policy.ts";
import type { NameRequest } from "../model/request.ts";
import type { Need } from "./need.ts";
import { addTo } from "./used-names.ts";

/**
 * An object may gain nothing by its new name (`gain`). Where processes connect to a name, they need
 * the same for the names from which sockets are renamed to it, one after the other.
 */
export function connectsBeforeRename(policy: Policy, needs: readonly Need[]): readonly Need[] {
  const connected = new Set(
    needs.flatMap(({ request }) =>
      request.class === "name" && request.operation === "connect" ? [request.path] : [],
    ),
  );
  const granted = answeredOnce(
    (path: string) => decide(policy, connectTo(path)).outcome === "granted",
  );
  const isConnected = (path: string) => connected.has(path) || granted(path);
  const byTarget = new Map<string, { readonly from: string; readonly need: Need }[]>();
  for (const need of needs)
    if (need.request.class === "two-names")
      addTo(byTarget, need.request.to, { from: need.request.from, need });
  const found: Need[] = [];
  const open = [...byTarget.keys()].filter(isConnected);
  for (let to = open.pop(); to !== undefined; to = open.pop())
    for (const { from, need } of byTarget.get(to) ?? []) {
      if (isConnected(from)) continue;
      connected.add(from);
      found.push({ ...need, request: connectTo(from) });
      open.push(from);
    }
  return found;
}

function connectTo(path: string): NameRequest {
  return { class: "name", operation: "connect", path };
}
