import type { PermissionName } from "../../model/permission.ts";

/**
 * The source of a number: a register, the target's memory at a pointer (read once), or the call
 * itself.
 */
export type Value =
  | { readonly kind: "register"; readonly argument: number }
  | {
      readonly kind: "memory";
      readonly pointer: number;
      readonly offset: number;
      readonly bytes: 4 | 8;
    }
  | { readonly kind: "fixed"; readonly value: number };

export interface PathArgument {
  readonly role: "object" | "from" | "to";
  /** Register with the directory descriptor; null for the working directory. */
  readonly directory: number | null;
  /** Register with the pointer to the path. */
  readonly path: number;
  /** Whether a symbolic link at the end is followed. */
  readonly follow: Follow;
  /** With these bits in the flags, an empty path means the descriptor itself. */
  readonly empty?: { readonly flags: Value; readonly bits: number };
  /** A null pointer means the descriptor itself. */
  readonly nullIsDescriptor?: boolean;
}

export type Follow =
  | { readonly kind: "always" }
  | { readonly kind: "never" }
  | { readonly kind: "unless"; readonly flags: Value; readonly bits: number }
  | { readonly kind: "only-if"; readonly flags: Value; readonly bits: number };

export interface Need {
  readonly role: PathArgument["role"];
  readonly permission: PermissionName;
  /**
   * `made`: if the call makes an absent name. `there`: if the name exists already. `below`: for
   * every name in that directory.
   */
  readonly if: "always" | "made" | "there" | "below";
}
