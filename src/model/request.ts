import type { AddressRequest } from "../kinds/addresses/model.ts";
import type { WordRequest } from "../kinds/model.ts";
import type { SocketRequest } from "../kinds/sockets/model.ts";
import type { PermissionName } from "./permission.ts";

export type { AddressRequest, SocketRequest };

/** One thing a process of a domain asks for. `decide()` answers it. */
export type Request = NameRequest | TwoNameRequest | AddressRequest | SocketRequest | WordRequest;

/**
 * An operation on one name. `path` is canonical: absolute, no symbolic link, no `.`, `..` or `//`;
 * or an abstract socket's `@name`.
 */
export interface NameRequest {
  readonly class: "name";
  readonly operation: PermissionName;
  readonly path: string;
  /** What the name leads to now, for decisions on a snapshot; left out where it does not matter. */
  readonly inode?: InodeId;
}

/**
 * `rename`: `from` disappears and `to` appears, replacing what was there. `link`: `to` becomes a
 * second name of `from`.
 */
export interface TwoNameRequest {
  readonly class: "two-names";
  readonly operation: "rename" | "link";
  readonly from: string;
  readonly to: string;
  /** The object is a directory, so that everything below it changes its name too. */
  readonly directory: boolean;
  /** `to` exists and is replaced. */
  readonly replaces: boolean;
}

/** Device and inode number as `DEV:INO`, both decimal. */
export type InodeId = string;
