import type { Decision } from "./verdict.ts";

/** Requests that a second policy newly allows or denies, compared with a first one. */
export interface Change<Request = unknown> {
  readonly effect: "allowed" | "denied";
  /** The section of a policy that `line` belongs to. */
  readonly section: string;
  /** As a policy would say it. */
  readonly line: string;
  /** True if the policies agree about some of what the line says. */
  readonly isPart: boolean;
  /** One of the requests. */
  readonly example: Request;
}

/** null if both policies decide alike. */
export function effectOf(before: Decision, after: Decision): Change["effect"] | null {
  if (before.outcome === after.outcome) return null;
  return after.outcome === "granted" ? "allowed" : "denied";
}
