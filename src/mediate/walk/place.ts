import { error } from "../answer/outcome.ts";
import { Settled } from "../answer/settled.ts";
import { abi, E } from "../sys/abi.ts";
import type { Errno } from "../sys/errno.ts";
import { type Bytes, readlinkat, type Stat, self } from "../sys/sys.ts";

interface Found {
  /** The directory that holds the last component, O_PATH; kept open until the call is answered. */
  readonly directory: number;
  /** Name in `directory`; `.` when the path leads to `directory` itself (`/`, `..`, `dir/.`). */
  readonly last: Bytes;
  /** The path ended in `/`. */
  readonly slash: boolean;
  /** What has that name now; null when nothing has. */
  readonly object: { readonly fd: number; readonly stat: Stat } | null;
  /** Canonical names of the symbolic links that were followed. */
  readonly links: readonly Bytes[];
}

/** Where a path of the target leads, held by descriptors. */
export class Place implements Found {
  readonly directory: number;
  readonly last: Bytes;
  readonly slash: boolean;
  readonly object: { readonly fd: number; readonly stat: Stat } | null;
  readonly links: readonly Bytes[];
  #name: Bytes | null;

  /** `name`: where it is known already. */
  constructor({ directory, last, slash, object, links }: Found, name: Bytes | null = null) {
    this.directory = directory;
    this.last = last;
    this.slash = slash;
    this.object = object;
    this.links = links;
    this.#name = name;
  }

  /**
   * `last` as the path had it, for calls by name: what a slash behind it means to them the kernel
   * says.
   */
  get lastAsGiven(): Bytes {
    return this.slash ? `${this.last}/` : this.last;
  }

  /**
   * Canonical: what the kernel calls the directory when this is first asked, then the last
   * component. Settles the call with the error where the kernel has no name for that any more.
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
 * The kernel's own name for an object of the mediator's, or an error number. A removed object (`...
 * (deleted)`) and one outside the mediator's root have no name anybody could have granted.
 */
export function canonical(fd: number): Bytes | Errno {
  const name = readlinkat(abi.AT_FDCWD, self(fd));
  if (typeof name === "number") return name;
  if (!name.startsWith("/") || name.endsWith(REMOVED)) return E.NOENT;
  return name;
}

const REMOVED = " (deleted)";

/**
 * Names by which an open object of a supervised domain is judged: one that was removed, or never
 * had a name (O_TMPFILE), by what the kernel still calls it; where that mark may be part of a name
 * that there is, by both. An error number where nobody could have granted it.
 */
export function namesOf(fd: number, { links }: Stat): readonly (Bytes | Errno)[] {
  const text = readlinkat(abi.AT_FDCWD, self(fd));
  if (typeof text === "number") return [text];
  if (!text.startsWith("/")) return [E.NOENT];
  if (!text.endsWith(REMOVED)) return [text];
  const before = text.slice(0, -REMOVED.length);
  return links === 0 ? [before] : [before, text];
}
