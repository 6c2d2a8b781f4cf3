import { abi, E } from "./abi.ts";
import { LINKS_MAX } from "./limits.ts";
import type { MountKind } from "./mounts.ts";
import { canonical, Place } from "./place.ts";
import { protectedLink } from "./protected-link.ts";
import { type Bytes, fstat, openat, openPath, readlinkat, type Stat, sameObject } from "./sys.ts";
import type { WalkContext, Walked } from "./walk.ts";

/** Links of a process's folder on procfs that lead to files. */
const OWN_LINKS: ReadonlySet<Bytes> = new Set(["exe", "cwd", "root"]);

/** One walk, component by component. */
export class Walk {
  readonly #context: WalkContext;
  #at: number;
  readonly #links: Bytes[] = [];
  /** Components still to come, the next one last. */
  readonly #rest: Bytes[] = [];
  #slash = false;
  #mount: number | null = null;
  #kind: MountKind = "unknown";

  constructor(start: number, context: WalkContext) {
    this.#at = start;
    this.#context = context;
  }

  run(path: Bytes): Walked {
    const start = this.#look(this.#at);
    if (typeof start === "number") return { kind: "error", errno: start };
    this.#push(path);
    for (;;) {
      if (this.#kind === "unknown") return { kind: "unknown" };
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
    if (this.#closed(this.#kind)) return { kind: "procfs" };
    const stat = this.#look(this.#at);
    if (typeof stat === "number") return { kind: "error", errno: stat };
    return this.#place(".", { fd: this.#at, stat });
  }

  #last(component: Bytes): Walked | null {
    const holder = this.#kind;
    const fd = this.#context.target.keep(openPath(this.#at, component));
    if (fd < 0 && fd !== -E.NOENT) return { kind: "error", errno: -fd };
    const stat = fd < 0 ? null : this.#look(fd);
    if (typeof stat === "number") return { kind: "error", errno: stat };
    if (stat?.type === abi.S_IFLNK && this.#follows()) return this.#enter(component, fd, stat, true);
    if (this.#closed(holder) || this.#closed(this.#kind)) return { kind: "procfs" };
    if (this.#kind === "unknown") return { kind: "unknown" };
    // Calls on names are left to say so themselves.
    const looking = this.#context.follow !== "never";
    if (looking && this.#slash && stat !== null && stat.type !== abi.S_IFDIR) return { kind: "error", errno: E.NOTDIR };
    return this.#place(component, stat === null ? null : { fd, stat });
  }

  #closed(kind: MountKind): boolean {
    return kind === "procfs" && this.#context.procfs === "never";
  }

  #place(last: Bytes, object: Place["object"]): Walked {
    const place = new Place({ directory: this.#at, last, slash: this.#slash, object, links: this.#links });
    return { kind: "place", place };
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

  #descriptor(component: Bytes): Walked | null {
    const directory = canonical(this.#at);
    const { tid, credentials } = this.#context.target;
    const own = [`/proc/${credentials.tgid}`, `/proc/${credentials.tgid}/task/${tid}`];
    const ownTable = own.some((entry) => directory === `${entry}/fd`);
    if (ownTable && this.#rest.length === 0 && /^\d+$/.test(component))
      return { kind: "descriptor", number: Number(component) };
    const mine = ownTable || (typeof directory === "string" && own.includes(directory) && OWN_LINKS.has(component));
    if (mine && this.#context.procfs === "open") return this.#jumpTo(component);
    const owner = typeof directory === "string" ? /^\/proc\/(\d+)/.exec(directory)?.[1] : undefined;
    return { kind: "procfs", ...(owner === undefined ? {} : { process: Number(owner) }) };
  }

  /** Where the kernel itself leads a process to: not a name, but the object. */
  #jumpTo(component: Bytes): Walked | null {
    const fd = this.#context.target.keep(openat(this.#at, component, abi.O_PATH));
    if (fd < 0) return { kind: "error", errno: -fd };
    const stat = this.#look(fd);
    if (typeof stat === "number") return { kind: "error", errno: stat };
    if (this.#rest.length === 0) return { kind: "object", fd };
    if (stat.type !== abi.S_IFDIR) return { kind: "error", errno: E.NOTDIR };
    this.#at = fd;
    return null;
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
