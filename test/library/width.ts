import { execFileSync } from "node:child_process";
import { namesAsked } from "../../src/model/automaton/build.ts";
import { Permission } from "../../src/model/permission.ts";
import type { Policy } from "../../src/model/policy.ts";
import type { LibraryHost } from "./library-host.ts";

/** How many files of a host a domain reaches, the C library's and its own among them. */
export interface Width {
  readonly read: number;
  readonly write: number;
  readonly execute: number;
}

/** Files of the host's disk: neither links nor folders, no devices, nothing of the kernel's. */
const list = [
  ...["find", "/", "-xdev", "-path", "/srv", "-prune", "-o", "-path", "/proc", "-prune"],
  ...["-o", "-type", "f", "-print0"],
];
const LIST_BYTES_MAX = 1 << 28;

export function filesOn(host: LibraryHost): readonly string[] {
  const [program = "", ...args] = host.booted.command(list);
  const names = execFileSync(program, args, { encoding: "utf8", maxBuffer: LIST_BYTES_MAX });
  return names.split("\0").slice(0, -1);
}

export function widthOf(files: readonly string[], policy: Policy): Width {
  return countGranted(files.map(namesAsked(policy.names)), Permission);
}

/** Of what each file is granted, how often one of these bits is. */
export function countGranted(
  granted: readonly number[],
  bits: { readonly [K in keyof Width]: number },
): Width {
  const count = (bit: number): number => granted.filter((each) => (each & bit) !== 0).length;
  return { read: count(bits.read), write: count(bits.write), execute: count(bits.execute) };
}
