import type { Level, Policy } from "../../model/policy.ts";
import type { UnitCommand } from "./commands-of-unit.ts";
import type { Addition } from "./drop-in.ts";
import type { Unit } from "./unit.ts";

/** What a unit and its domain's policy are, for the rules that look at both. */
export interface Look {
  readonly unit: Unit;
  readonly policy: Policy;
  /** In force for the next start. */
  readonly level: Level;
  readonly commands: readonly UnitCommand[];
  /** Absolute name of bin/cofferdam. */
  readonly launcher: string;
}

/** What cannot be combined, or works in another way than before. */
export interface Finding {
  /** `conflict`: the unit would not start, or not work. `note`: it starts. */
  readonly kind: "conflict" | "note";
  readonly what: string;
  /** Where the line below belongs; null where there is nothing to change. */
  readonly where: "unit" | "policy" | null;
  /** Lines to change or to add. */
  readonly lines: readonly string[];
}

export interface Found {
  readonly findings: readonly Finding[];
  readonly additions: readonly Addition[];
}

/** One rule about units. */
export type Rule = (look: Look) => Partial<Found>;

export function unitConflict(what: string, ...lines: readonly string[]): Partial<Found> {
  return { findings: [{ kind: "conflict", what, where: "unit", lines }] };
}

export function policyConflict(what: string, ...lines: readonly string[]): Partial<Found> {
  return { findings: [{ kind: "conflict", what, where: "policy", lines }] };
}

export function note(what: string, ...lines: readonly string[]): Partial<Found> {
  const where = lines.length === 0 ? null : "policy";
  return { findings: [{ kind: "note", what, where, lines }] };
}

export function addition(setting: string, why: string): Partial<Found> {
  return { additions: [{ setting, why }] };
}

/** A property as `systemctl show` has it; empty where this systemd does not know it. */
export function property({ unit }: Look, name: string): string {
  return unit.properties.get(name) ?? "";
}

/** A property of a switch, or of a list that is not empty. */
export function isSet(look: Look, name: string): boolean {
  return !["", "no", "default", "all", "none", "infinity"].includes(property(look, name));
}

export function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
