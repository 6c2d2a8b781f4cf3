import type { Access, Origin, Resource, Unplaced } from "./resource.ts";

/** A file or device of the host as the lowest node of a disk, or a format on top of one. */
export interface BlockNode {
  readonly name: string | null;
  readonly driver: string;
  /** Of nodes that open a name of the host. */
  readonly path: string | null;
  /** What it is written over: other nodes, by what they are to it. */
  readonly children: readonly { readonly role: string; readonly node: BlockNode | string }[];
  /** null: not stated; a node inside another follows that one. */
  readonly access: Access | null;
  /** Opened for writing only when something above writes. */
  readonly readsFirst: boolean;
  /** Parents are named by the description, or said not to exist; the header's are not taken. */
  readonly namesParents: boolean;
  readonly origin: Origin;
}

/** The socket of a machine's QMP: the proxy serves it in the emulator's place. */
export interface Monitor {
  /** Path of the socket to listen at. */
  readonly path: string;
  readonly origin: Origin;
  /** Indices of the arguments that asked for it, which the emulator does not get. */
  readonly argumentsFrom: number;
  readonly argumentsTo: number;
}

/** What has been understood of a description so far. */
export class Description {
  readonly resources: Resource[] = [];
  readonly blockNodes: BlockNode[] = [];
  readonly monitors: Monitor[] = [];
  /** Something said which network the machine has; else QEMU gives it one. */
  saysNetwork = false;

  add(origin: Origin, resource: Unplaced): void {
    this.resources.push({ ...resource, origin } as Resource);
  }

  /** For a path that may be absent from the description. */
  file(origin: Origin, path: string | null, use: Extract<Resource, { kind: "file" }>["use"]): void {
    if (path !== null) this.add(origin, { kind: "file", path, use });
  }
}
