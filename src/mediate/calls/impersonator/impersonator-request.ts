import { ofEachArgument, struct } from "../../../kernel/struct.ts";
import { number as syscallNumber } from "../../../kernel/syscalls.ts";
import type { Credentials } from "../../target/credentials.ts";

/** Bytes to which an argument points. They may contain pointers to others. */
export interface Pointed {
  readonly bytes: Buffer;
  readonly pointers?: readonly { readonly at: number; readonly to: Pointed }[];
}

/** null is 0. */
export type Argument = number | bigint | null | Pointed;

export interface Step {
  readonly name: string;
  readonly args: readonly Argument[];
  readonly more?: bigint;
}

export interface Deed {
  /** At most two. The first that fails is the last; its result is the deed's. */
  readonly steps: readonly Step[];
  readonly descriptors: readonly number[];
  readonly givesDescriptor?: boolean;
  /** RLIMIT_NOFILE of the impersonator; the mediator's own where left out. */
  readonly descriptorLimit?: bigint;
  /**
   * Permit all of the target's permitted capabilities, also those that the policy does not grant;
   * none of these is in effect. The kernel lets a process schedule only processes whose permitted
   * capabilities it also has (cap_safe_nice).
   */
  readonly asPermitted?: boolean;
  /** The call may wait as long as the target's own would, until the target has a pending signal. */
  readonly waits?: boolean;
}

/** `native/impersonator/request.h`. */
export const impersonatorRequest = struct("struct request", {
  "uid[0]": "u32",
  "uid[1]": "u32",
  "uid[2]": "u32",
  "uid[3]": "u32",
  "gid[0]": "u32",
  "gid[1]": "u32",
  "gid[2]": "u32",
  "gid[3]": "u32",
  permitted: "u64",
  descriptors: "u64",
  groups: "u32",
  group_count: "u32",
  pointers: "u32",
  pointer_count: "u32",
  parent: "u32",
  step_count: "u32",
  gives_descriptor: "u32",
  "#padding": "u32",
  "steps[0]": "bytes:64",
  "steps[1]": "bytes:64",
});
export const impersonatorStep = struct("struct step", {
  effective: "u64",
  number: "u64",
  ...ofEachArgument("arguments", "u64"),
});
export const impersonatorReply = struct("struct reply", { result: "i64", state: "u64" });

/** System calls per request. */
export const STEPS_MAX = 2;
const DESCRIPTORS_AS_THEY_ARE = 0xffff_ffff_ffff_ffffn;
const ALIGNMENT = 8;
const WORD_BYTES = 8;

type Worn = Pick<
  Credentials,
  | "uid"
  | "effectiveUid"
  | "savedUid"
  | "fsuid"
  | "gid"
  | "effectiveGid"
  | "savedGid"
  | "fsgid"
  | "groups"
  | "permitted"
  | "effective"
>;

/**
 * The request's head, then the data at the offsets in it, which the impersonator turns into
 * pointers.
 */
export function requestBytes(deed: Deed, worn: Worn, parent: number): Buffer {
  if (deed.steps.length > STEPS_MAX) throw new RangeError(`at most ${STEPS_MAX} calls`);
  const body = new Body(impersonatorRequest.size);
  const steps = deed.steps.map((step, index) => stepBytes(body, step, worn.effective, index));
  const groups = Buffer.alloc(4 * worn.groups.length);
  for (const [index, group] of worn.groups.entries()) groups.writeUInt32LE(group, 4 * index);
  const head = {
    "uid[0]": worn.uid,
    "uid[1]": worn.effectiveUid,
    "uid[2]": worn.savedUid,
    "uid[3]": worn.fsuid,
    "gid[0]": worn.gid,
    "gid[1]": worn.effectiveGid,
    "gid[2]": worn.savedGid,
    "gid[3]": worn.fsgid,
    permitted: worn.permitted | deed.steps.reduce((set, { more = 0n }) => set | more, 0n),
    descriptors: deed.descriptorLimit ?? DESCRIPTORS_AS_THEY_ARE,
    groups: body.place(groups),
    group_count: worn.groups.length,
    parent,
    step_count: steps.length,
    gives_descriptor: deed.givesDescriptor ? 1 : 0,
    "steps[0]": steps[0] ?? Buffer.alloc(0),
    "steps[1]": steps[1] ?? Buffer.alloc(0),
  };
  const pointer_count = body.pointers.length;
  const table = Buffer.alloc(WORD_BYTES * pointer_count);
  for (const [index, at] of body.pointers.entries())
    table.writeBigUInt64LE(BigInt(at), WORD_BYTES * index);
  const pointers = body.place(table);
  return Buffer.concat([
    impersonatorRequest.encode({ ...head, pointers, pointer_count }),
    ...body.pieces,
  ]);
}

function stepBytes(body: Body, { name, args, more = 0n }: Step, effective: bigint, index: number) {
  const number = syscallNumber(name);
  if (number === null) throw new Error(`no system call \`${name}\` in the table`);
  const bytes = impersonatorStep.encode({
    effective: effective | more,
    number: BigInt(number),
  });
  const first = impersonatorRequest.offset[index === 0 ? "steps[0]" : "steps[1]"];
  for (const [register, argument] of args.entries()) {
    const at = impersonatorStep.offset["arguments[0]"] + WORD_BYTES * register;
    const isPointer = argument !== null && typeof argument === "object";
    if (isPointer) body.pointers.push(first + at);
    const value = isPointer ? body.placePointed(argument) : (argument ?? 0);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), at);
  }
  return bytes;
}

class Body {
  readonly pieces: Buffer[] = [];
  /** Offsets of fields that contain offsets. */
  readonly pointers: number[] = [];
  #end: number;

  constructor(start: number) {
    this.#end = start;
  }

  place(bytes: Buffer): number {
    const at = this.#end;
    const padding = -bytes.length & (ALIGNMENT - 1);
    this.pieces.push(bytes, Buffer.alloc(padding));
    this.#end += bytes.length + padding;
    return at;
  }

  placePointed({ bytes, pointers = [] }: Pointed): number {
    const copy = Buffer.from(bytes);
    const at = this.place(copy);
    for (const pointer of pointers) {
      copy.writeBigUInt64LE(BigInt(this.placePointed(pointer.to)), pointer.at);
      this.pointers.push(at + pointer.at);
    }
    return at;
  }
}
