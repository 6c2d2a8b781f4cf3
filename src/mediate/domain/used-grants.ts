import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { PRIVATE_FILE } from "../../base/modes.ts";
import {
  epochOf,
  grantsOf,
  marksAt,
  newUsedGrants,
  usedGrantsName,
} from "../../domains/used-grants.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import { type Mapping, mapShared } from "../../kernel/ffi.ts";
import { maskOfCapabilities } from "../../kinds/capabilities/model.ts";
import {
  isLiteral,
  literalPrefix,
  matches,
  type Pattern,
  parsePattern,
} from "../../model/pattern.ts";
import type { PermissionSet } from "../../model/permission.ts";
import type { Policy, Source } from "../../model/policy.ts";
import { type Bytes, bytesOf, spelled } from "../sys/sys.ts";

/** Patterns that are compared with one name; further ones that may match it count as used. */
const PATTERNS_COMPARED_MAX = 64;

interface Named {
  readonly place: number;
  readonly permissions: PermissionSet;
  readonly pattern: Pattern;
}

/** The grants of a policy, found by what they grant. */
export class GrantIndex {
  readonly ids: readonly string[];
  readonly bySource = new Map<Source, number>();
  readonly capabilities: readonly { readonly place: number; readonly bit: bigint }[];
  /** By the plain beginning of their patterns, in whole components. */
  readonly named = new Map<Bytes, Named[]>();

  constructor(policy: Policy) {
    const places = new Map<string, number>();
    for (const { id, source } of grantsOf(policy)) {
      const place = places.get(id) ?? places.size;
      places.set(id, place);
      this.bySource.set(source, place);
    }
    this.ids = [...places.keys()];
    this.capabilities = policy.capabilities.flatMap(({ source, token }) => {
      const place = this.bySource.get(source);
      const bit = maskOfCapabilities((name) => name === token);
      return place === undefined ? [] : [{ place, bit }];
    });
    for (const { source, permissions, pattern: text } of policy.names) {
      const place = this.bySource.get(source);
      const parsed = parsePattern(text);
      if (place === undefined || "problem" in parsed) continue;
      const { pattern } = parsed;
      const beginning = literalPrefix(pattern);
      // An abstract name has no components.
      const key = isLiteral(pattern) || beginning.startsWith("/") ? spelled(beginning) : "";
      const known = this.named.get(key) ?? [];
      known.push({ place, permissions, pattern });
      this.named.set(key, known);
    }
  }
}

/**
 * Marks grants of one policy as used, in memory that other mediators of the domain, their
 * successors and the agent share. For a grant that is marked already this costs a few loads; for
 * a remembered verdict (`remembered-verdicts.ts`) nothing, because the call that it was made for
 * has marked the grants.
 */
export class UsedGrants {
  readonly #index: GrantIndex;
  readonly #mapping: Mapping;
  #bytes: Buffer;
  #marks: Buffer;

  private constructor(index: GrantIndex, mapping: Mapping) {
    this.#index = index;
    this.#mapping = mapping;
    const { buffer, byteOffset, byteLength } = mapping.bytes;
    this.#bytes = Buffer.from(buffer, byteOffset, byteLength);
    this.#marks = this.#bytes.subarray(marksAt(index.ids.length));
  }

  /** null where no agent has made the folder. Throws the system's error. */
  static open(folder: string, number: number, index: GrantIndex): UsedGrants | null {
    const path = join(folder, usedGrantsName(number, index.ids));
    const content = newUsedGrants(index.ids);
    const fd = openOrMake(path, content);
    if (fd === null) return null;
    try {
      if (fstatSync(fd).size !== content.length) throw new Error(`${path} has another length`);
      return new UsedGrants(index, mapShared(fd, content.length));
    } finally {
      closeSync(fd);
    }
  }

  /** Changes when marks were taken back. */
  get epoch(): number {
    return epochOf(this.#bytes);
  }

  /** Every rule counts that grants one of the permissions on the name. */
  named(name: Bytes, permissions: PermissionSet): void {
    const { named } = this.#index;
    this.#compare(named.get(name), name, permissions);
    for (let end = name.lastIndexOf("/"); end > 0; end = name.lastIndexOf("/", end - 1))
      this.#compare(named.get(name.slice(0, end)), name, permissions);
    this.#compare(named.get("/"), name, permissions);
    this.#compare(named.get(""), name, permissions);
  }

  /** Every rule counts that may grant one of the permissions on a name below the directory. */
  below(directory: Bytes, permissions: PermissionSet): void {
    for (const [beginning, rules] of this.#index.named) {
      const isBelow = directory === "/" || beginning.startsWith(`${directory}/`);
      const isAbove =
        beginning === directory || beginning === "/" || directory.startsWith(`${beginning}/`);
      if (!isBelow && !isAbove && beginning !== "") continue;
      for (const rule of rules)
        if ((rule.permissions & permissions) !== 0) this.#marks[rule.place] = 1;
    }
  }

  /** The rule that `decide()` names. */
  rule(source: Source): void {
    const place = this.#index.bySource.get(source);
    if (place !== undefined) this.#marks[place] = 1;
  }

  get unusedCapabilities(): bigint {
    return this.#index.capabilities.reduce(
      (mask, { place, bit }) => (this.#marks[place] === 0 ? mask | bit : mask),
      0n,
    );
  }

  /** Marks that are made afterwards are lost. */
  close(): void {
    this.#bytes = newUsedGrants(this.#index.ids);
    this.#marks = this.#bytes.subarray(marksAt(this.#index.ids.length));
    this.#mapping.unmap();
  }

  #compare(rules: readonly Named[] | undefined, name: Bytes, permissions: PermissionSet): void {
    if (rules === undefined) return;
    let left = PATTERNS_COMPARED_MAX;
    let bytes: Uint8Array | null = null;
    for (const rule of rules) {
      if (this.#marks[rule.place] !== 0 || (rule.permissions & permissions) === 0) continue;
      bytes ??= bytesOf(name);
      left -= 1;
      if (left < 0 || matches(rule.pattern, bytes, rule.permissions & permissions))
        this.#marks[rule.place] = 1;
    }
  }
}

/** Complete from the moment that it has its name. */
function openOrMake(path: string, content: Buffer): number | null {
  const flags = constants.O_RDWR | constants.O_NOFOLLOW;
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const fd = openSync(path, flags);
      // The agent removes those that were opened longest ago.
      utimesSync(path, new Date(), new Date());
      return fd;
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
    const scratch = `${path}.${process.pid}`;
    try {
      writeFileSync(scratch, content, { mode: PRIVATE_FILE });
      linkSync(scratch, path);
    } catch (error) {
      if (hasCode(error, "ENOENT")) return null;
      if (!hasCode(error, "EEXIST")) throw error;
    } finally {
      rmSync(scratch, { force: true });
    }
  }
  return null;
}
