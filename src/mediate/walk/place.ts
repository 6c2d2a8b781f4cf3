import { error } from "../answer/outcome.ts";
import { Settled } from "../answer/settled.ts";
import { abi, E } from "../sys/abi.ts";
import type { Errno } from "../sys/errno.ts";
import { type Bytes, readlinkat, type Stat, self } from "../sys/sys.ts";

interface Found {
  /** The directory of the last component, O_PATH; open until the call is answered. */
  readonly directory: number;
  /**
   * The name in `directory`; `.` when the path leads to `directory` itself (`/`, `..`, `dir/.`).
   */
  readonly last: Bytes;
  readonly slash: boolean;
  /** As found by the walk; null if the name was free. */
  readonly object: { readonly fd: number; readonly stat: Stat } | null;
  readonly links: readonly Bytes[];
}

/** Where a path of the target leads, pinned by descriptors. */
export class Place implements Found {
  readonly directory: number;
  readonly last: Bytes;
  readonly slash: boolean;
  readonly object: { readonly fd: number; readonly stat: Stat } | null;
  readonly links: readonly Bytes[];
  #name: Bytes | null;

  /** `name`: the canonical name, if it is known already. */
  constructor({ directory, last, slash, object, links }: Found, name: Bytes | null = null) {
    this.directory = directory;
    this.last = last;
    this.slash = slash;
    this.object = object;
    this.links = links;
    this.#name = name;
  }

  /**
   * `last` with the path's final slash, for calls by name: the kernel decides what the slash means.
   */
  get lastAsGiven(): Bytes {
    return this.slash ? `${this.last}/` : this.last;
  }

  /**
   * The canonical name: the kernel's name of the directory, asked once, and the last component.
   * Settles the call with the error if the directory no longer has a name.
   */
  get name(): Bytes {
    this.#name ??= this.#ask();
    return this.#name;
  }

  #ask(): Bytes {
    const directory = canonical(this.directory);
    if (typeof directory === "number") throw new Settled(error(directory));
    if (this.last === ".") return directory;
    return directory === "/" ? `/${this.last}` : `${directory}/${this.last}`;
  }
}

/**
 * The kernel's name of an open object, or an error number. A removed object (`... (deleted)`) and
 * one outside the mediator's root have no name that a policy could grant.
 */
export function canonical(fd: number): Bytes | Errno {
  const name = readlinkat(abi.AT_FDCWD, self(fd));
  if (typeof name === "number") return name;
  if (!name.startsWith("/") || name.endsWith(REMOVED)) return E.NOENT;
  return name;
}

const REMOVED = " (deleted)";

/**
 * The names by which an open object of a supervised domain is judged. An object that was removed or
 * never had a name (O_TMPFILE) is judged by the kernel's last name for it. Where ` (deleted)` may
 * be part of an existing name, both names count. An error number if no policy could grant it.
 */
export function namesOf(fd: number, { links }: Stat): readonly (Bytes | Errno)[] {
  const text = readlinkat(abi.AT_FDCWD, self(fd));
  if (typeof text === "number") return [text];
  if (!text.startsWith("/")) return [E.NOENT];
  if (!text.endsWith(REMOVED)) return [text];
  const before = text.slice(0, -REMOVED.length);
  return links === 0 ? [before] : [before, text];
}
