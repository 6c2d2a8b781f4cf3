import { asOwnName, isOwnTable, leadsToOwn, ownerOf } from "../calls/processes/itself.ts";
import { LINKS_MAX } from "../limits.ts";
import { abi, E } from "../sys/abi.ts";
import { type Errno, errnoOf } from "../sys/errno.ts";
import { type Bytes, fstat, openat, readlinkat, type Stat, sameObject } from "../sys/sys.ts";
import { isNameless, type MountKind } from "./mounts.ts";
import { canonical, Place } from "./place.ts";
import { protectedLink } from "./protected-link.ts";
import type { WalkContext, Walked } from "./walk-context.ts";
import { Scope } from "./walk-scope.ts";

type Opened = NonNullable<Place["object"]>;

/** One walk, component by component. */
export class Walk {
  readonly #context: WalkContext;
  readonly #scope: Scope;
  readonly #start: number;
  #at: number;
  readonly #links: Bytes[] = [];
  /** Components still to come, in reverse order. */
  readonly #rest: Bytes[] = [];
  #slash = false;
  #mount: number | null = null;
  #kind: MountKind = "unknown";

  constructor(start: number, context: WalkContext) {
    this.#start = start;
    this.#at = start;
    this.#context = context;
    this.#scope = new Scope(context.target, start, context.resolve);
  }

  run(path: Bytes): Walked {
    const start = this.#look(this.#at);
    if (typeof start === "number") return { kind: "error", errno: start };
    this.#push(path);
    for (;;) {
      if (isNameless(this.#kind)) return { kind: this.#kind };
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

  /** Stats an object and notes the kind of its mount. */
  #look(fd: number): Stat | Errno {
    const stat = fstat(fd);
    if (typeof stat === "number") return stat;
    if (stat.mount !== this.#mount) {
      if (this.#mount !== null && this.#scope.crosses() !== null) return E.XDEV;
      this.#kind = this.#context.mounts.kind(stat.mount);
      this.#mount = stat.mount;
    }
    return stat;
  }

  /** The path ended in `.` or `..`, or was `/`. */
  #here(): Walked {
    if (this.#closed(this.#kind)) return { kind: "procfs" };
    const stat = this.#look(this.#at);
    if (typeof stat === "number") return { kind: "error", errno: stat };
    return this.#place(".", { fd: this.#at, stat });
  }

  #last(component: Bytes): Walked | null {
    const holder = this.#kind;
    if (this.#isOwnDescriptor(component))
      return this.#scope.magic() ?? { kind: "descriptor", number: Number(component) };
    const opened = this.#open(component);
    if (typeof opened === "number" && opened !== E.NOENT) return { kind: "error", errno: opened };
    const object = typeof opened === "number" ? null : opened;
    const type = object?.stat.type;
    if (object !== null && type === abi.S_IFLNK && this.#follows())
      return this.#enter(component, object, true);
    if (this.#closed(holder) || this.#closed(this.#kind)) return { kind: "procfs" };
    if (isNameless(this.#kind)) return { kind: this.#kind };
    // Calls that make or remove names report this error themselves.
    const looking = this.#context.follow !== "never" && !this.#context.makes;
    if (looking && this.#slash && object !== null && type !== abi.S_IFDIR)
      return { kind: "error", errno: E.NOTDIR };
    return this.#place(component, object);
  }

  /**
   * Runs a lookup as the target itself where it concerns the target's own entries of procfs, which
   * the target sees whatever ids it has.
   */
  #asItself<T>(look: () => T): T {
    const name = this.#kind === "procfs" ? canonical(this.#at) : null;
    return typeof name === "string" ? this.#context.asItself(name, look) : look();
  }

  #isOwnDescriptor(component: Bytes): boolean {
    if (this.#kind !== "procfs" || !this.#follows() || !/^\d+$/.test(component)) return false;
    return isOwnTable(this.#context.target, canonical(this.#at));
  }

  #open(component: Bytes, flags = abi.O_PATH | abi.O_NOFOLLOW): Opened | Errno {
    const fd = this.#context.target.keep(this.#asItself(() => openat(this.#at, component, flags)));
    const stat = fd < 0 ? errnoOf(fd) : this.#look(fd);
    return typeof stat === "number" ? stat : { fd, stat };
  }

  #closed(kind: MountKind): boolean {
    return kind === "procfs" && this.#context.procfs === "never";
  }

  #place(last: Bytes, object: Place["object"]): Walked {
    const place = new Place({
      directory: this.#at,
      last,
      slash: this.#slash,
      object,
      links: this.#links,
    });
    return this.#scope.ends(this.#at) ?? { kind: "place", place };
  }

  #follows(): boolean {
    const { follow } = this.#context;
    return follow === "always" || (follow === "before-slash" && this.#slash);
  }

  #middle(component: Bytes): Walked | null {
    const opened = this.#open(component);
    if (typeof opened === "number") return { kind: "error", errno: opened };
    const { fd, stat } = opened;
    if (stat.type === abi.S_IFLNK) return this.#enter(component, opened, false);
    if (stat.type !== abi.S_IFDIR) return { kind: "error", errno: E.NOTDIR };
    this.#goTo(fd);
    return null;
  }

  /** Moves on and closes the directory before: a long path keeps only one open. */
  #goTo(fd: number): void {
    const left = this.#at;
    this.#at = fd;
    if (left !== this.#start && left !== this.#context.target.root)
      this.#context.target.giveUp(left);
  }

  /** Puts a link's text in front of the rest of the path. Returns null to go on. */
  #enter(component: Bytes, { fd: link, stat }: Opened, trailing: boolean): Walked | null {
    if (this.#links.length >= LINKS_MAX || this.#scope.link() !== null)
      return { kind: "error", errno: E.LOOP };
    if (trailing && protectedLink(this.#at, stat, this.#context.target.credentials.fsuid))
      return { kind: "error", errno: E.ACCES };
    const text = this.#asItself(() => readlinkat(link, ""));
    const name = canonical(link);
    this.#context.target.giveUp(link);
    if (typeof text === "number") return { kind: "error", errno: text };
    if (this.#kind === "procfs") return this.#enterProc(component, text);
    if (typeof name === "number") return { kind: "error", errno: name };
    this.#links.push(name);
    const left = text.startsWith("/") ? (this.#scope.leaves() ?? this.#jump()) : null;
    if (left !== null) return left;
    this.#push(text);
    return null;
  }

  #jump(): Walked | null {
    this.#goTo(this.#scope.root);
    const stat = this.#look(this.#at);
    return typeof stat === "number" ? { kind: "error", errno: stat } : null;
  }

  #enterProc(component: Bytes, text: Bytes): Walked | null {
    this.#links.push(component);
    const { target, procfs } = this.#context;
    const name = asOwnName(target, component, text);
    if (name === null) {
      const opens = procfs === "open" && leadsToOwn(target, canonical(this.#at), component);
      return (
        this.#scope.magic() ??
        (opens ? this.#jumpTo(component) : { kind: "procfs", ...ownerOf(canonical(this.#at)) })
      );
    }
    this.#push(name);
    return null;
  }

  /** Follows a magic link to its object, as the kernel would for the target. */
  #jumpTo(component: Bytes): Walked | null {
    const opened = this.#open(component, abi.O_PATH);
    if (typeof opened === "number") return { kind: "error", errno: opened };
    const { fd, stat } = opened;
    if (this.#rest.length === 0) return { kind: "object", fd };
    if (stat.type !== abi.S_IFDIR) return { kind: "error", errno: E.NOTDIR };
    this.#goTo(fd);
    return null;
  }

  #dots(component: "." | ".."): Walked | null {
    const here = fstat(this.#at);
    const root = fstat(this.#scope.root);
    if (typeof here === "number") return { kind: "error", errno: here };
    if (typeof root === "number") return { kind: "error", errno: root };
    const top = sameObject(here, root) && here.mount === root.mount;
    const above = top && component === ".." ? this.#scope.leaves() : null;
    if (above !== null) return above;
    // `.` is opened, too: it needs search permission like any component.
    const fd = this.#context.target.keep(
      openat(this.#at, top ? "." : component, abi.O_PATH | abi.O_DIRECTORY),
    );
    if (fd < 0) return { kind: "error", errno: errnoOf(fd) };
    this.#goTo(fd);
    const stat = this.#look(fd);
    return typeof stat === "number" ? { kind: "error", errno: stat } : null;
  }
}
