/**
 * What a virtual machine needs of its host, as its description names it. A description is the
 * command line of QEMU (`qemu/`); whatever describes machines later gives the same list. Paths are
 * absolute and as written: links on the way are followed later (`way.ts`), once, and what came of
 * it is recorded.
 */
export type Resource = (
  | {
      readonly kind: "image";
      readonly path: string;
      readonly format: ImageFormat;
      readonly access: Access;
      /**
       * `own`: parents are those that the image's header names; `none`: the description says that
       * there are none, or names them itself.
       */
      readonly parents: "own" | "none";
    }
  | { readonly kind: "file"; readonly path: string; readonly use: FileUse }
  | { readonly kind: "folder"; readonly path: string; readonly access: Access }
  | { readonly kind: "device"; readonly path: string }
  /** A function of the PCI bus that the machine gets as its own, e.g. `0000:01:00.0`. */
  | { readonly kind: "pci"; readonly address: string }
  | { readonly kind: "tap"; readonly interface: string }
  | { readonly kind: "socket"; readonly operation: Operation; readonly path: string }
  | AddressResource
  /** User networking: whatever the guest asks for, but not the host itself. */
  | { readonly kind: "outside" }
) & { readonly origin: Origin };

export interface AddressResource {
  readonly kind: "address";
  readonly operation: Operation;
  readonly protocol: "tcp" | "udp";
  /** As written; empty for every address of this host. */
  readonly host: string;
  /** Inclusive. */
  readonly ports: { readonly first: number; readonly last: number };
}

export type Operation = "listen" | "connect";
export type Access = "read" | "read-write";

/**
 * `read`: opened for reading. `read-write`: an existing file. `log`: made where it is missing,
 * written. `make`: made, written, read and removed.
 */
export type FileUse = "read" | "read-write" | "log" | "make";

/** Formats whose headers Cofferdam reads, or which name no other file. */
export const imageFormats = ["raw", "qcow2", "luks", "vdi", "vpc", "vhdx"] as const;
export type ImageFormat = (typeof imageFormats)[number];

/** Where something was said: on a command line, or in QMP. */
export interface Origin {
  /** Index of the argument; 0, which is the program's, where it was none of them. */
  readonly argument: number;
  /**
   * The option with its value, e.g. `-drive file=a.img,format=raw`, or the command with what it
   * names.
   */
  readonly text: string;
  /** Characters from the beginning of the option's value; null for the option as a whole. */
  readonly offset: number | null;
  /**
   * What it is a part of, as QMP takes that away: `device disk0`, `blockdev node1`; null for what
   * stays until the machine is off.
   */
  readonly piece: string | null;
}

/** A resource before it is known where it was named. */
export type Unplaced<T = Resource> = T extends Resource ? Omit<T, "origin"> : never;
export type UnplacedPeer = Unplaced<Extract<Resource, { kind: "socket" | "address" }>>;
