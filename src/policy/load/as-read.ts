import { type BigIntStats, lstatSync } from "node:fs";
import { dirname } from "node:path";
import type { Policy } from "../../model/policy.ts";
import { ownersOf, type Shipped } from "./library.ts";
import { type FileIdentity, isWayTrusted } from "./trusted-file.ts";

/**
 * Milliseconds. A file that changed later than that before it was read may have changed again
 * within one tick of the file system's clock.
 */
const CLOCK_TICK_MS = 1_000;

/**
 * The files behind a policy: as long as all are unchanged, reading it again gives the same policy.
 */
export interface Basis {
  readonly identities: ReadonlyMap<string, FileIdentity>;
  readonly absent: readonly string[];
  /** When reading it again gives something else by itself, milliseconds since boot; null: never. */
  readonly until: number | null;
}

/**
 * null for a policy that cannot be used, for one whose lookups are not all known, and for files
 * that changed just now.
 */
export function basisOf({
  policy,
  identities,
  absent,
  until,
}: Basis & { readonly policy: Policy | null }): Basis | null {
  const settled = BigInt(Date.now() - CLOCK_TICK_MS) * 1_000_000n;
  const isSettled = [...identities.values()].every(({ ctimeNs }) => ctimeNs < settled);
  return policy !== null && isSettled ? { identities, absent, until } : null;
}

/**
 * Examines the policy files of a host once for many policies: each file and each folder on the way
 * once.
 */
export class PolicyLook {
  readonly #owners: readonly number[];
  readonly #shipped: Shipped | undefined;
  readonly #now: number;
  readonly #nodes = new Map<string, BigIntStats | "absent" | "unknown">();
  readonly #ways = new Map<string, boolean>();

  /** `now`: milliseconds since boot. */
  constructor(owners: readonly number[], now: number, shipped?: Shipped) {
    this.#owners = owners;
    this.#now = now;
    this.#shipped = shipped;
  }

  /**
   * Whether nothing has changed: the files, the absent names, and the users who may change the
   * folders on the way.
   */
  holds({ identities, absent, until }: Basis): boolean {
    return (
      (until === null || this.#now < until) &&
      absent.every((file) => this.#node(file) === "absent") &&
      [...identities].every(([file, was]) => this.#isSame(file, was))
    );
  }

  #isSame(file: string, was: FileIdentity): boolean {
    const now = this.#node(file);
    if (now === "absent" || now === "unknown") return false;
    if (now.ctimeNs !== was.ctimeNs || now.ino !== was.ino || now.dev !== was.dev) return false;
    if (now.size !== was.size || Number(now.mode) !== was.mode) return false;
    const owners = ownersOf(file, this.#owners, this.#shipped);
    return owners.includes(Number(now.uid)) && this.#isTrusted(file, owners);
  }

  #isTrusted(file: string, owners: readonly number[]): boolean {
    const folder = dirname(file);
    const known = this.#ways.get(folder);
    if (known !== undefined) return known;
    const answer = isWayTrusted(file, owners);
    this.#ways.set(folder, answer);
    return answer;
  }

  #node(file: string): BigIntStats | "absent" | "unknown" {
    const known = this.#nodes.get(file);
    if (known !== undefined) return known;
    const node = nodeOf(file);
    this.#nodes.set(file, node);
    return node;
  }
}

function nodeOf(file: string): BigIntStats | "absent" | "unknown" {
  try {
    return lstatSync(file, { bigint: true, throwIfNoEntry: false }) ?? "absent";
  } catch (error) {
    if (error instanceof Error && "code" in error) return "unknown";
    throw error;
  }
}
