import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { PRIVATE_FOLDER } from "../../base/modes.ts";
import { numberOfUsedGrants, usedGrants, withoutMarks } from "../../domains/used-grants.ts";
import { USED_FILES_MAX } from "./limits.ts";

/**
 * The files in which mediators mark what their domains use. A file that a mediator maps is never
 * made shorter, which would end the mediator.
 */
export class MarkedGrants {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Mediators mark nothing before the folder exists. */
  make(): void {
    mkdirSync(this.#folder, { recursive: true, mode: PRIVATE_FOLDER });
  }

  /** Ids of grants that were used, by the number of their domain. */
  read(): ReadonlyMap<number, ReadonlySet<string>> {
    const found = new Map<number, Set<string>>();
    for (const [number, paths] of this.#files())
      found.set(number, new Set(paths.flatMap((path) => usedGrants(readFileSync(path)) ?? [])));
    return found;
  }

  /** From now on, none of the domain's grants was used. */
  reset(number: number): void {
    for (const path of this.#files().get(number) ?? []) {
      const file = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
      try {
        for (const { at, bytes } of withoutMarks(readFileSync(file)))
          writeSync(file, bytes, 0, bytes.length, at);
      } finally {
        closeSync(file);
      }
    }
  }

  /** Call after {@link read}. Mediators have left the earlier policies of a domain long ago. */
  prune(): void {
    for (const paths of this.#files().values()) {
      if (paths.length <= USED_FILES_MAX) continue;
      const opened = (path: string) => statSync(path).mtimeMs;
      const oldest = [...paths].sort((a, b) => opened(a) - opened(b));
      for (const path of oldest.slice(0, -USED_FILES_MAX)) rmSync(path, { force: true });
    }
  }

  #files(): ReadonlyMap<number, readonly string[]> {
    const files = new Map<number, string[]>();
    for (const name of readdirSync(this.#folder)) {
      const number = numberOfUsedGrants(name);
      if (number === null) continue;
      files.set(number, [...(files.get(number) ?? []), join(this.#folder, name)]);
    }
    return files;
  }
}
