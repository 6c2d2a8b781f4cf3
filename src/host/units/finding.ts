import type { Level, Policy } from "../../model/policy.ts";
import type { UnitCommand } from "./commands-of-unit.ts";
import type { Addition } from "./drop-in.ts";
import { property, type Unit } from "./unit.ts";

/** A unit and its domain's policy, for the rules that compare both. */
export interface Look {
  readonly unit: Unit;
  readonly policy: Policy;
  /** In force for the next start. */
  readonly level: Level;
  /** The bpf-lsm engine holds what starts. */
  readonly inKernel: boolean;
  readonly commands: readonly UnitCommand[];
  readonly launcher: string;
  /** What every start reads of Cofferdam's: folders, some of which may be missing. */
  readonly ownFolders: readonly string[];
}

/** A setting that cannot be combined with the domain, or works differently in it. */
export interface Finding {
  /** `conflict`: the unit would not start, or not work. `note`: it starts. */
  readonly kind: "conflict" | "note";
  readonly what: string;
  /** Where the lines belong; null if there is nothing to change. */
  readonly where: "unit" | "policy" | null;
  /** Lines to change or to add. */
  readonly lines: readonly string[];
}

export interface Found {
  readonly findings: readonly Finding[];
  readonly additions: readonly Addition[];
}

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

/** True for a switch that is on, and for a list that is not empty. */
export function isSet(look: Look, name: string): boolean {
  return !["", "no", "default", "all", "none", "infinity"].includes(property(look.unit, name));
}
