import type { Access, Origin, Resource, Unplaced } from "./resource.ts";

/** A file or device of the host, or a format over another node. */
export interface BlockNode {
  readonly name: string | null;
  readonly driver: string;
  /** The name that the node opens; null if it opens none. */
  readonly path: string | null;
  readonly children: readonly { readonly role: string; readonly node: BlockNode | string }[];
  /** null: not stated; a nested node then has the access of the node above it. */
  readonly access: Access | null;
  /** Opens for writing only when a node above it writes. */
  readonly readsFirst: boolean;
  /**
   * The description names the parents, or says that there are none: those in the image's header do
   * not count.
   */
  readonly namesParents: boolean;
  readonly origin: Origin;
}

/** A QMP socket of the machine, which the proxy serves instead of the emulator. */
export interface Monitor {
  readonly path: string;
  readonly origin: Origin;
  /** Indices of the arguments that asked for it; the emulator does not get these. */
  readonly argumentsFrom: number;
  readonly argumentsTo: number;
}

export class Description {
  readonly resources: Resource[] = [];
  readonly blockNodes: BlockNode[] = [];
  readonly monitors: Monitor[] = [];
  /** The description names a network; if none does, QEMU adds one. */
  saysNetwork = false;

  add(origin: Origin, resource: Unplaced): void {
    this.resources.push({ ...resource, origin } as Resource);
  }

  file(origin: Origin, path: string | null, use: Extract<Resource, { kind: "file" }>["use"]): void {
    if (path !== null) this.add(origin, { kind: "file", path, use });
  }
}
