import { closeSync } from "node:fs";
import { openBelow } from "../../host/held-names.ts";
import { O_DIRECTORY, O_PATH } from "../../kernel/constants.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import { Inotify } from "../../kernel/inotify.ts";

/** Why changes in a directory are not reported. */
export type Unwatched = "own-limit" | "watches" | "instances";

/** Limit on watched directories: each keeps about a kilobyte of the kernel's memory in use. */
export const DIRECTORIES_MAX = 8_192;

const unreachable = ["ENOENT", "ENOTDIR", "ELOOP", "EACCES", "EPERM"] as const;

/**
 * Directories in which names matter to owners. Each directory is watched once, for all of them. A
 * report is only a hint to look: it may be missing or late, and it names no object.
 */
export class WatchedDirectories<Owner> {
  readonly #max: number;
  #inotify: Inotify | null = null;
  readonly #names = new Map<number, Map<string, Set<Owner>>>();
  readonly #watchesOf = new Map<Owner, ReadonlySet<number>>();

  constructor(max = DIRECTORIES_MAX) {
    this.#max = max;
  }

  get size(): number {
    return this.#names.size;
  }

  /**
   * Watches these directories below `root`, with the names that matter in each, and no others for
   * this owner. Directories above come first, so that none is exchanged unnoticed. Missing ones are
   * left out: the directory above reports them. Returns why some are not watched, or null.
   */
  place(
    owner: Owner,
    root: number,
    directories: ReadonlyMap<string, readonly string[]>,
  ): Unwatched | null {
    const placed = new Set<number>();
    let unwatched: Unwatched | null = null;
    for (const [path, names] of directories) {
      const watch = this.#watch(root, path);
      if (typeof watch === "string") {
        unwatched = watch;
        break;
      }
      if (watch === null) continue;
      placed.add(watch);
      this.#note(owner, watch, names);
    }
    const before = this.#watchesOf.get(owner) ?? [];
    this.#watchesOf.set(owner, placed);
    for (const watch of before) if (!placed.has(watch)) this.#drop(owner, watch);
    return unwatched;
  }

  release(owner: Owner): void {
    for (const watch of this.#watchesOf.get(owner) ?? []) this.#drop(owner, watch);
    this.#watchesOf.delete(owner);
  }

  /** The owners of what has changed since the last call; `all` if the kernel has lost reports. */
  changed(): ReadonlySet<Owner> | "all" {
    const owners = new Set<Owner>();
    let isAll = false;
    this.#inotify?.read({
      overflowed: () => {
        isAll = true;
      },
      name: (watch, name, isOver) => {
        const names = this.#names.get(watch);
        if (isOver) {
          for (const some of names?.values() ?? []) for (const owner of some) owners.add(owner);
          this.#names.delete(watch);
        } else for (const owner of names?.get(name) ?? []) owners.add(owner);
      },
    });
    return isAll ? "all" : owners;
  }

  close(): void {
    this.#inotify?.close();
    this.#inotify = null;
  }

  /** null for a directory that is not there. */
  #watch(root: number, path: string): number | Unwatched | null {
    let directory: number | null = null;
    try {
      this.#inotify ??= new Inotify();
      directory = openBelow(root, path, O_PATH | O_DIRECTORY);
      const watch = this.#inotify.watch(`/proc/self/fd/${directory}`);
      if (this.#names.has(watch) || this.#names.size < this.#max) return watch;
      this.#inotify.unwatch(watch);
      return "own-limit";
    } catch (error) {
      if (hasCode(error, ...unreachable)) return null;
      if (hasCode(error, "ENOSPC")) return "watches";
      if (hasCode(error, "EMFILE", "ENFILE", "ENOMEM")) return "instances";
      throw error;
    } finally {
      if (directory !== null) closeSync(directory);
    }
  }

  #note(owner: Owner, watch: number, names: readonly string[]): void {
    const known = this.#names.get(watch) ?? new Map<string, Set<Owner>>();
    this.#names.set(watch, known);
    for (const name of names) {
      const owners = known.get(name) ?? new Set<Owner>();
      known.set(name, owners.add(owner));
    }
  }

  #drop(owner: Owner, watch: number): void {
    const names = this.#names.get(watch);
    if (names === undefined) return;
    for (const [name, owners] of names) {
      owners.delete(owner);
      if (owners.size === 0) names.delete(name);
    }
    if (names.size > 0) return;
    this.#names.delete(watch);
    this.#inotify?.unwatch(watch);
  }
}

/** Each directory above the paths, `/` first, with the names in it that lead to them. */
export function directoriesAbove(paths: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const path of paths) {
    const names = path.split("/").filter((name) => name !== "");
    for (const [at, name] of names.entries()) {
      const above = `/${names.slice(0, at).join("/")}`;
      found.set(above, (found.get(above) ?? new Set()).add(name));
    }
  }
  const sorted = [...found].sort(([a], [b]) => a.length - b.length);
  return new Map(sorted.map(([path, names]) => [path, [...names]]));
}
