/**
 * What a virtual machine needs of its host, as its description names it. Here a description is a
 * QEMU command line (`qemu/`); another kind would give the same list. Paths are absolute and as
 * written. Links are followed once, later (`way.ts`), and the result is recorded.
 */
export type Resource = (
  | {
      readonly kind: "image";
      readonly path: string;
      readonly format: ImageFormat;
      readonly access: Access;
      /**
       * `own`: the parents that the image's header names; `none`: the description names the parents
       * itself, or says that there are none.
       */
      readonly parents: "own" | "none";
    }
  | { readonly kind: "file"; readonly path: string; readonly use: FileUse }
  | { readonly kind: "folder"; readonly path: string; readonly access: Access }
  | { readonly kind: "device"; readonly path: string }
  /** A PCI function that the guest gets, e.g. `0000:01:00.0`. */
  | { readonly kind: "pci"; readonly address: string }
  | { readonly kind: "tap"; readonly interface: string }
  | { readonly kind: "socket"; readonly operation: Operation; readonly path: string }
  | AddressResource
  /** User networking: every address that the guest asks for, but not the host's own. */
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
 * `read`: opened for reading. `read-write`: an existing file. `log`: made if missing, and written.
 * `make`: made, written, read and removed.
 */
export type FileUse = "read" | "read-write" | "log" | "make";

/** Formats whose headers Cofferdam reads, or that name no other file. */
export const imageFormats = ["raw", "qcow2", "luks", "vdi", "vpc", "vhdx"] as const;
export type ImageFormat = (typeof imageFormats)[number];

/** The place of a word, on the command line or in QMP. */
export interface Origin {
  /** The index of the argument; 0 if the word comes from elsewhere (0 is the program). */
  readonly argument: number;
  /**
   * The option with its value, e.g. `-drive file=a.img,format=raw`, or the command with what it
   * names.
   */
  readonly text: string;
  /** Characters from the start of the option's value; null for the option as a whole. */
  readonly offset: number | null;
  /**
   * The piece that it belongs to, which QMP removes as a whole: `device disk0`, `blockdev node1`.
   * null for what stays until the machine is off.
   */
  readonly piece: string | null;
}

/** A resource without its place. */
export type Unplaced<T = Resource> = T extends Resource ? Omit<T, "origin"> : never;
export type UnplacedPeer = Unplaced<Extract<Resource, { kind: "socket" | "address" }>>;
