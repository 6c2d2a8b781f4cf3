import { answeredOnce } from "../base/answered-once.ts";
import { decide } from "../model/decide.ts";
import type { Policy } from "../model/policy.ts";
import type { NameRequest } from "../model/request.ts";
import type { Need } from "./need.ts";

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
  const found: Need[] = [];
  for (let before = -1; before < found.length; ) {
    before = found.length;
    for (const need of needs) {
      const { request } = need;
      if (request.class !== "two-names" || !isConnected(request.to) || isConnected(request.from))
        continue;
      connected.add(request.from);
      found.push({ ...need, request: connectTo(request.from) });
    }
  }
  return found;
}

function connectTo(path: string): NameRequest {
  return { class: "name", operation: "connect", path };
}
