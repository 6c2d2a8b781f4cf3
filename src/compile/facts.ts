import { S_IFMT } from "../kernel/constants.ts";
import type { Snapshot, SnapshotNode } from "../model/snapshot.ts";
import type { Fact, NameFact } from "../plan/plan.ts";
import { hostSnapshot } from "./host-snapshot.ts";
import { isUtf8Name } from "./utf8-name.ts";

/**
 * One lstat now: a node, or its absence. Throws lstat's other errors: what cannot be read is no
 * fact.
 */
export function factOf(path: string): NameFact {
  return hostSnapshot().look(path).fact();
}

/** A snapshot that remembers its answers, which become facts of the plan. */
export class RecordingSnapshot implements Snapshot {
  readonly #names = new Map<string, "absent" | "link">();
  readonly #objects = new Set<string>();
  readonly #listed = new Set<string>();
  readonly #inner: Snapshot;
  readonly #procfs = new Set<string>();
  #lookups = 0;
  #lists = 0;

  constructor(inner: Snapshot) {
    this.#inner = inner;
  }

  /**
   * All of lstat for listed directories and symbolic links; for other names their existence and
   * type.
   */
  facts(factAt: (path: string) => NameFact): Fact[] {
    // A directory's ctime changes with every name that is made, removed or replaced in it.
    const isImplied = (path: string) =>
      this.#listed.has(path.slice(0, Math.max(1, path.lastIndexOf("/"))));
    const names = [...this.#names].filter(([path]) => !this.#listed.has(path) && !isImplied(path));
    const objects = [...this.#objects].filter((path) => !this.#listed.has(path));
    return [
      ...[...this.#listed].map((path) => snapshotFact(factAt(path))),
      ...names.map(([path, kind]) =>
        snapshotFact(kind === "absent" ? { kind, path } : factAt(path)),
      ),
      ...objects.map((path) => objectFact(factAt(path))),
    ];
  }

  get counts(): { readonly lookups: number; readonly lists: number } {
    return { lookups: this.#lookups, lists: this.#lists };
  }

  lookup(path: string): SnapshotNode | null {
    this.#lookups++;
    const node = this.#inner.lookup(path);
    if (path.includes("\0")) return node;
    // Names on procfs come and go with processes, and its only rule is on its root.
    if (node?.procfs) this.#procfs.add(path);
    else if (node === null) {
      if (!this.#belowProcfs(path)) this.#names.set(path, "absent");
    } else if (node.kind === "symlink") this.#names.set(path, "link");
    else this.#objects.add(path);
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

function snapshotFact(fact: NameFact): Fact {
  return { ...fact, role: "snapshot" };
}

function objectFact(fact: NameFact): Fact {
  const { path } = fact;
  return fact.kind === "node"
    ? { kind: "object", path, type: fact.mode & S_IFMT }
    : snapshotFact(fact);
}

/**
 * What must hold when the plan is used, one fact per name, sorted. `authority`: the names that the
 * plan follows from.
 */
export function planFacts(
  authority: Iterable<string>,
  factAt: (path: string) => NameFact,
  snapshot?: RecordingSnapshot,
): Fact[] {
  const facts = new Map<string, Fact>();
  for (const fact of snapshot?.facts(factAt) ?? []) if ("path" in fact) facts.set(fact.path, fact);
  for (const path of authority) facts.set(path, { ...factAt(path), role: "authority" });
  return [...facts]
    .filter(([path]) => isUtf8Name(path))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, fact]) => fact);
}
