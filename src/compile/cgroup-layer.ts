import type { Control } from "../kernel/bpf/control.ts";
import { BpfError } from "../kernel/bpf/errors.ts";
import type { Policy } from "../model/policy.ts";
import type { CgroupPlan } from "../plan/plan.ts";
import type { NameAlias } from "./cgroup/aliases.ts";
import type { Judged } from "./cgroup/programs.ts";
import type { CompileOptions } from "./options.ts";

export type Programs =
  /** Identifies the domain's processes, and judges nothing. */
  | { readonly kind: "none" }
  | {
      readonly kind: "judging";
      readonly judged: Judged;
      readonly control: Control;
      readonly aliases: readonly NameAlias[];
    };

export type CgroupLayer =
  | { readonly kind: "made"; readonly plan: CgroupPlan }
  /**
   * The domain starts without a cgroup. `goesOn`: for every start of this caller on a host without
   * control groups version 2.
   */
  | { readonly kind: "absent"; readonly why: string; readonly goesOn: boolean }
  /** `byKernel`: its verifier refuses a program, as it will at every start on this kernel. */
  | { readonly kind: "failed"; readonly why: string; readonly byKernel: boolean };

/**
 * As root every run has a cgroup, which identifies the domain's processes. It has programs only if
 * they judge something.
 */
export async function cgroupLayer(
  policy: Policy,
  automaton: Uint8Array,
  programs: Programs,
  { prepareCgroup, facts }: CompileOptions,
): Promise<CgroupLayer> {
  if (prepareCgroup === undefined || facts.cgroup2 === null)
    return { kind: "absent", why: "no control groups version 2 are mounted", goesOn: true };
  if (programs.kind === "none" && facts.caller.uid !== 0)
    return { kind: "absent", why: "only root's domains have one", goesOn: true };
  const target =
    programs.kind === "none"
      ? { judged: null, control: enforcing, aliases: [] }
      : { judged: programs.judged, control: programs.control, aliases: programs.aliases };
  try {
    const { cgroup2 } = facts;
    return {
      kind: "made",
      plan: await prepareCgroup(policy, automaton, { domain: policy.name, cgroup2, ...target }),
    };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // A missing layer stops the start, with its maker's message. Membership alone confines nothing.
    const why = error.message;
    if (programs.kind === "none") return { kind: "absent", why, goesOn: false };
    const byKernel = error instanceof BpfError && error.verifier !== null;
    return { kind: "failed", why, byKernel };
  }
}

export const enforcing: Control = { level: "enforcing", number: null, generation: 0, table: 0 };
