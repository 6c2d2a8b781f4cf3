import { BPF_MAXINSNS } from "../../kernel/constants.ts";
import { type Instruction, Op } from "./bpf.ts";

/** Every jump goes forward, as classic BPF demands. */
export type Line =
  | { readonly kind: "label"; readonly name: string }
  | { readonly kind: "load"; readonly offset: number }
  | { readonly kind: "and"; readonly mask: number }
  | { readonly kind: "answer"; readonly value: number }
  | { readonly kind: "jump"; readonly to: string }
  | {
      readonly kind: "branch";
      readonly code: Comparison;
      readonly k: number;
      readonly yes: string;
      readonly no: string;
    };

export type Comparison = typeof Op.equal | typeof Op.atLeast | typeof Op.anyBit;

/** Furthest target of a conditional jump: jt and jf are 8 bits wide. */
const BRANCH_REACH = 255;

export class AssemblyError extends Error {
  override readonly name = "AssemblyError";
}

/**
 * Works from the last line to the first, so that the distance of every jump is known when it is
 * written. A branch whose target is out of reach gets an unconditional jump right behind it.
 */
export function assemble(lines: readonly Line[]): Instruction[] {
  const reversed: Instruction[] = [];
  const labels = new Map<string, number>();
  const distance = (label: string): number => {
    const place = labels.get(label);
    if (place === undefined)
      throw new AssemblyError(`label ${label} is not defined behind its use`);
    return reversed.length - place;
  };
  const jump = (label: string) =>
    reversed.push({ code: Op.jump, jt: 0, jf: 0, k: distance(label) });

  for (const line of [...lines].reverse()) {
    switch (line.kind) {
      case "label":
        if (labels.has(line.name)) throw new AssemblyError(`label ${line.name} is defined twice`);
        labels.set(line.name, reversed.length);
        break;
      case "load":
        reversed.push({ code: Op.load, jt: 0, jf: 0, k: line.offset });
        break;
      case "and":
        reversed.push({ code: Op.and, jt: 0, jf: 0, k: line.mask });
        break;
      case "answer":
        reversed.push({ code: Op.answer, jt: 0, jf: 0, k: line.value });
        break;
      case "jump":
        jump(line.to);
        break;
      case "branch":
        reversed.push(branch(line, distance, jump, () => reversed.length));
        break;
    }
  }
  if (reversed.length > BPF_MAXINSNS) {
    throw new AssemblyError(`${reversed.length} instructions, the kernel takes ${BPF_MAXINSNS}`);
  }
  return reversed.reverse();
}

function branch(
  line: Extract<Line, { kind: "branch" }>,
  distance: (label: string) => number,
  jump: (label: string) => void,
  written: () => number,
): Instruction {
  const trampoline = (label: string): number | null => {
    // One short of the reach: the other arm may still need an unconditional jump in between.
    if (distance(label) < BRANCH_REACH) return null;
    jump(label);
    return written();
  };
  const farNo = trampoline(line.no);
  const farYes = trampoline(line.yes);
  const from = written();
  return {
    code: line.code,
    jt: farYes === null ? distance(line.yes) : from - farYes,
    jf: farNo === null ? distance(line.no) : from - farNo,
    k: line.k,
  };
}
