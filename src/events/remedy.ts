import type { Request } from "../model/request.ts";
import { suggest } from "../model/suggest.ts";
import type { DenialReason } from "../model/verdict.ts";
import type { Event } from "./event.ts";

export function remedyOf(
  request: Request,
  reason: DenialReason | "rule",
): Pick<Event, "allow" | "help"> {
  if (reason === "own-object") return { allow: null };
  if (reason !== "rule") return { allow: suggest(request) };
  return {
    allow: null,
    help: "only without that rule: deny beats allow, whatever else is granted",
  };
}
