import { abi, E } from "./abi.ts";
import { LINKS_MAX } from "./limits.ts";
import type { MountKind, Mounts } from "./mounts.ts";
import { protectedLink } from "./protected-link.ts";
import { type Bytes, fstat, openat, openPath, readlinkat, type Stat, sameObject, self } from "./sys.ts";
import type { Target } from "./target.ts";

/** Where a path of the target leads. */
export type Walked =
  | { readonly kind: "place"; readonly place: Place }
  /** Procfs: nothing there is ever done by the mediator, whose own /proc/self and rights would be used. */
  | { readonly kind: "procfs" }
  /** A file system that may keep the mediator waiting. */
  | { readonly kind: "slow" }
  /** `/proc/self/fd/N` of the target's own, followed: the same as its descriptor N. */
  | { readonly kind: "descriptor"; readonly number: number }
  | { readonly kind: "error"; readonly errno: number };

export interface Place {
  /** The directory that holds the last component, O_PATH; kept open until the call is answered. */
  readonly directory: number;
  /** Name in `directory`; `.` when the path leads to `directory` itself (`/`, `..`, `dir/.`). */
  readonly last: Bytes;
  /** The path ended in `/`. */
  readonly slash: boolean;
  /** What has that name now; null when nothing has. */
  readonly object: { readonly fd: number; readonly stat: Stat } | null;
  /** Canonical: what the kernel calls the directory now, then the last component. */
  readonly name: Bytes;
  /** Canonical names of the symbolic links that were followed. */
  readonly links: readonly Bytes[];
}

/** A path out of the target's memory, and where it starts: its root, or the directory it named. */
export interface PathArgument {
  readonly text: Bytes;
  readonly start: number;
}

export type Follow = "always" | "before-slash" | "never";

export interface WalkContext {
  readonly target: Target;
  readonly mounts: Mounts;
  /**
   * A symbolic link in the last component: calls that make or remove names never follow it, not even before a slash;
   * those that look at an object without following do so before a slash (path_resolution(7)).
   */
  readonly follow: Follow;
}

/** Runs under the target's identity, so that search permissions are the target's; target.credentials and .root must be known before. */
export function walk(path: PathArgument, context: WalkContext): Walked {
  if (path.text === "") return { kind: "error", errno: E.NOENT };
  if (path.start < 0) return { kind: "error", errno: -path.start };
  return new Walk(path.start, context).run(path.text);
}

class Walk {
  readonly #context: WalkContext;
  #at: number;
  readonly #links: Bytes[] = [];
  /** Components still to come, the next one last. */
  readonly #rest: Bytes[] = [];
  #slash = false;
  #mount: bigint | null = null;
  #kind: MountKind = "slow";

  constructor(start: number, context: WalkContext) {
    this.#at = start;
    this.#context = context;
  }

  run(path: Bytes): Walked {
    const start = this.#look(this.#at);
    if (typeof start === "number") return { kind: "error", errno: start };
    this.#push(path);
    for (;;) {
      if (this.#kind === "slow") return { kind: "slow" };
      const component = this.#rest.pop();
      if (component === undefined) return this.#here();
      const stop =
        component === "." || component === ".."
          ? this.#dots(component)
          : this.#rest.length === 0
            ? this.#last(component)
            : this.#middle(component);
      if (stop !== null) return stop;
    }
  }

  #push(path: Bytes): void {
    if (this.#rest.length === 0) this.#slash ||= path.endsWith("/");
    this.#rest.push(
      ...path
        .split("/")
        .filter((part) => part !== "")
        .reverse(),
    );
  }

  /** statx, and the kind of file system it lies on. */
  #look(fd: number): Stat | number {
    const stat = fstat(fd);
    if (typeof stat === "number") return -stat;
    if (stat.mount !== this.#mount) {
      this.#kind = this.#context.mounts.kind(stat.mount);
      this.#mount = stat.mount;
    }
    return stat;
  }

  /** The path ended in `.`, `..`, or was `/`. */
  #here(): Walked {
    if (this.#kind === "procfs") return { kind: "procfs" };
    const name = canonical(this.#at);
    const stat = this.#look(this.#at);
    if (typeof name === "number") return { kind: "error", errno: name };
    if (typeof stat === "number") return { kind: "error", errno: stat };
    const place = {
      directory: this.#at,
      last: ".",
      slash: this.#slash,
      object: { fd: this.#at, stat },
      name,
      links: this.#links,
    };
    return { kind: "place", place };
  }

  #last(component: Bytes): Walked | null {
    const holder = this.#kind;
    const fd = this.#context.target.keep(openPath(this.#at, component));
    if (fd < 0 && fd !== -E.NOENT) return { kind: "error", errno: -fd };
    const stat = fd < 0 ? null : this.#look(fd);
    if (typeof stat === "number") return { kind: "error", errno: stat };
    if (stat?.type === abi.S_IFLNK && this.#follows()) return this.#enter(component, fd, stat, true);
    if (holder === "procfs" || this.#kind === "procfs") return { kind: "procfs" };
    if (this.#kind === "slow") return { kind: "slow" };
    // Calls on names are left to say so themselves.
    const looking = this.#context.follow !== "never";
    if (looking && this.#slash && stat !== null && stat.type !== abi.S_IFDIR) return { kind: "error", errno: E.NOTDIR };
    const directory = canonical(this.#at);
    if (typeof directory === "number") return { kind: "error", errno: directory };
    const name = directory === "/" ? `/${component}` : `${directory}/${component}`;
    const object = stat === null ? null : { fd, stat };
    return {
      kind: "place",
      place: { directory: this.#at, last: component, slash: this.#slash, object, name, links: this.#links },
    };
  }

  #follows(): boolean {
    const { follow } = this.#context;
    return follow === "always" || (follow === "before-slash" && this.#slash);
  }

  #middle(component: Bytes): Walked | null {
    const fd = this.#context.target.keep(openPath(this.#at, component));
    if (fd < 0) return { kind: "error", errno: -fd };
    const stat = this.#look(fd);
    if (typeof stat === "number") return { kind: "error", errno: stat };
    if (stat.type === abi.S_IFLNK) return this.#enter(component, fd, stat, false);
    if (stat.type !== abi.S_IFDIR) return { kind: "error", errno: E.NOTDIR };
    this.#at = fd;
    return null;
  }

  /** Puts a link's text in front of what is left; null to go on. */
  #enter(component: Bytes, link: number, stat: Stat, trailing: boolean): Walked | null {
    if (this.#links.length >= LINKS_MAX) return { kind: "error", errno: E.LOOP };
    if (trailing && protectedLink(this.#at, stat, this.#context.target.credentials.fsuid))
      return { kind: "error", errno: E.ACCES };
    const text = readlinkat(link, "");
    if (typeof text === "number") return { kind: "error", errno: -text };
    if (this.#kind === "procfs") return this.#enterProc(component, text);
    const name = canonical(link);
    if (typeof name === "number") return { kind: "error", errno: name };
    this.#links.push(name);
    if (text.startsWith("/")) this.#jump();
    this.#push(text);
    return null;
  }

  #jump(): void {
    this.#at = this.#context.target.root;
    this.#look(this.#at);
  }

  /** On procfs `self` and `thread-self` mean the reader: here they are made to mean the target. All else that jumps is not followed. */
  #enterProc(component: Bytes, text: Bytes): Walked | null {
    this.#links.push(component);
    const { tid, credentials } = this.#context.target;
    if (component === "self" && /^\d+$/.test(text)) this.#push(String(credentials.tgid));
    else if (component === "thread-self" && /^\d+\/task\/\d+$/.test(text))
      this.#push(`${credentials.tgid}/task/${tid}`);
    else if (/^[A-Za-z_.][\w./-]*$/.test(text)) this.#push(text);
    else return this.#descriptor(component);
    return null;
  }

  #descriptor(component: Bytes): Walked {
    const directory = canonical(this.#at);
    const { tid, credentials } = this.#context.target;
    const ownTable =
      directory === `/proc/${credentials.tgid}/fd` || directory === `/proc/${credentials.tgid}/task/${tid}/fd`;
    if (!ownTable || this.#rest.length > 0 || !/^\d+$/.test(component)) return { kind: "procfs" };
    return { kind: "descriptor", number: Number(component) };
  }

  #dots(component: "." | ".."): Walked | null {
    const here = fstat(this.#at);
    const root = fstat(this.#context.target.root);
    if (typeof here === "number") return { kind: "error", errno: -here };
    if (typeof root === "number") return { kind: "error", errno: -root };
    const top = sameObject(here, root) && here.mount === root.mount;
    // `.` is opened too: it needs search permission as any component does.
    const fd = this.#context.target.keep(openat(this.#at, top ? "." : component, abi.O_PATH | abi.O_DIRECTORY));
    if (fd < 0) return { kind: "error", errno: -fd };
    this.#at = fd;
    const stat = this.#look(fd);
    return typeof stat === "number" ? { kind: "error", errno: stat } : null;
  }
}

/**
 * The kernel's own name for an object of the mediator's, or an error number. A removed object (`... (deleted)`) and one outside the
 * mediator's root have no name anybody could have granted.
 */
export function canonical(fd: number): Bytes | number {
  const name = readlinkat(abi.AT_FDCWD, self(fd));
  if (typeof name === "number") return -name;
  if (!name.startsWith("/") || name.endsWith(" (deleted)")) return E.NOENT;
  return name;
}
