import { createHash } from "node:crypto";
import { configurationBytes, mapBytes } from "./map-bytes.ts";
import type { CgroupTables } from "./tables.ts";

/**
 * SHA-256 in hex over everything that decides: the programs and all their tables. Each part is
 * preceded by its length. `follows`: the table whose level and policy they follow, or the fixed
 * level.
 */
export function tablesDigest(
  object: Uint8Array,
  programs: readonly string[],
  tables: CgroupTables,
  follows: string,
): string {
  const hash = createHash("sha256");
  const maps = mapBytes(tables).flatMap(({ name, keys, values }) => [
    Buffer.from(name),
    keys,
    values,
  ]);
  const words = [programs.join(), follows].map((text) => Buffer.from(text));
  for (const part of [object, ...words, configurationBytes(tables), ...maps]) {
    hash.update(`${part.length}\n`).update(part);
  }
  return hash.digest("hex");
}
