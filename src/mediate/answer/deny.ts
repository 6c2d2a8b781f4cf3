import type { PermissionName } from "../../model/permission.ts";
import type { Request } from "../../model/request.ts";
import { E } from "../sys/abi.ts";
import { type Bytes, shown } from "../sys/sys.ts";
import type { Refused } from "./outcome.ts";

/** EACCES, as from Landlock. */
export function denyName(operation: PermissionName, name: Bytes): Refused {
  const path = shown(name);
  return deny({ class: "name", operation, path }, path);
}

export function denyTwoNames(
  operation: "rename" | "link",
  from: Bytes,
  to: Bytes,
  what: { readonly directory: boolean; readonly replaces: boolean },
): Refused {
  const request: Request = {
    class: "two-names",
    operation,
    from: shown(from),
    to: shown(to),
    ...what,
  };
  return deny(request, `${shown(from)} -> ${shown(to)}`);
}

export function deny(request: Request & { readonly operation: string }, object: string): Refused {
  const { class: kind, operation } = request;
  return {
    kind: "refused",
    errno: E.ACCES,
    refusal: { class: kind, operation, object, reason: "no-rule", request },
  };
}
