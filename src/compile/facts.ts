import { isDeepStrictEqual } from "node:util";
import type { Snapshot, SnapshotNode } from "../model/snapshot.ts";
import type { Fact } from "../plan/plan.ts";
import { hostSnapshot } from "./host-snapshot.ts";
import { isUtf8Name } from "./utf8-name.ts";

/**
 * One lstat now: a node, or its absence. Throws what lstat throws for any other reason: a fact that
 * cannot be had is no fact.
 */
export function factOf(path: string): Fact {
  return hostSnapshot().look(path).fact();
}

/** Whether names and files are still what they were when the plan was made. */
export function hold(facts: readonly Fact[]): boolean {
  return facts.every((fact) => fact.kind === "start" || isDeepStrictEqual(factOf(fact.path), fact));
}

/** A snapshot that remembers what was asked of it, as far as the plan depends on the answer. */
export class RecordingSnapshot implements Snapshot {
  readonly #names = new Set<string>();
  readonly #listed = new Set<string>();
  readonly #inner: Snapshot;
  readonly #procfs = new Set<string>();
  #lookups = 0;
  #lists = 0;

  constructor(inner: Snapshot) {
    this.#inner = inner;
  }

  /** Absent names, symbolic links, listed directories: whatever changes there changes the plan. */
  get depends(): readonly string[] {
    return [...this.#listed, ...withoutImplied(this.#names, this.#listed)];
  }

  get counts(): { readonly lookups: number; readonly lists: number } {
    return { lookups: this.#lookups, lists: this.#lists };
  }

  lookup(path: string): SnapshotNode | null {
    this.#lookups++;
    const node = this.#inner.lookup(path);
    if (path.includes("\0")) return node;
    // Names on procfs come and go with processes; the only rule there is on its root.
    if (node?.procfs) this.#procfs.add(path);
    else if (node === null ? !this.#belowProcfs(path) : node.kind === "symlink")
      this.#names.add(path);
    return node;
  }

  list(path: string): readonly string[] | null {
    this.#lists++;
    if (!this.#procfs.has(path) && !this.#belowProcfs(path)) this.#listed.add(path);
    return this.#inner.list(path);
  }

  #belowProcfs(path: string): boolean {
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      if (this.#procfs.has(path.slice(0, end))) return true;
    }
    return false;
  }
}

/**
 * A directory's ctime moves with every name made, removed or replaced in it: such names need no
 * fact of their own.
 */
function withoutImplied(paths: ReadonlySet<string>, listed: ReadonlySet<string>): string[] {
  return [...paths].filter(
    (path) => listed.has(path) || !listed.has(path.slice(0, Math.max(1, path.lastIndexOf("/")))),
  );
}

/**
 * What must still hold when the plan is used. `paths` are looked at now; each appears once, sorted.
 */
export function planFacts(paths: Iterable<string>, factAt: (path: string) => Fact): Fact[] {
  return [...new Set(paths)]
    .filter((path) => isUtf8Name(path))
    .sort()
    .map(factAt);
}
