import { PRIVATE_FILE } from "../base/modes.ts";
import { isByteLocked, lockByte } from "../kernel/byte-lock.ts";
import { O_CLOEXEC, O_CREAT, O_NOFOLLOW, O_RDONLY, O_RDWR } from "../kernel/constants.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { close, open, pread, pwrite } from "../kernel/ffi.ts";
import {
  CLAIMANT_BYTES,
  CLAIMANT_HASH_BITS,
  CLAIMANTS_OFFSET,
  PLACE_BYTES,
  PLACES_OF_HOST,
  PLACES_OF_ONE,
  PLACES_SUFFIX,
} from "../plan/mediator-places.ts";
import type { Plan } from "../plan/plan.ts";

/** Mediators are counted per domain name and user of the run. */
export interface Claimant {
  readonly domain: string;
  readonly uid: number;
}

const MODE = PRIVATE_FILE;

export function claimantOf({ domain, identity }: Pick<Plan, "domain" | "identity">): Claimant {
  return { domain, uid: identity.user?.uid ?? 0 };
}

export function isSame(one: Claimant, other: Claimant): boolean {
  return one.domain === other.domain && one.uid === other.uid;
}

export function placesBeside(socket: string): string {
  return socket + PLACES_SUFFIX;
}

/** Makes the file if it is missing. Throws ErrnoError. */
export function openPlaces(path: string): number {
  return open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, MODE);
}

/**
 * Takes a place with an open file that holds none yet; false if the host or the claimant has the
 * maximum. `native/quota.c` does the same.
 */
export function takePlace(fd: number, claimant: Claimant): boolean {
  const text = `${claimant.domain} ${claimant.uid}\n`;
  const from = CLAIMANTS_OFFSET + (hashOf(text) % 2n ** CLAIMANT_HASH_BITS) * CLAIMANT_BYTES;
  const ofOne = claimant.uid === 0 ? PLACES_OF_HOST : PLACES_OF_ONE;
  const bytes = indices(ofOne).map((index) => from + BigInt(index));
  if (!bytes.some((at) => lockByte(fd, at))) return false;
  const place = indices(PLACES_OF_HOST).find((index) => lockByte(fd, offsetOf(index)));
  if (place === undefined) return false;
  const record = Buffer.alloc(PLACE_BYTES);
  record.write(text);
  pwrite(fd, record, offsetOf(place));
  return true;
}

/** Throws ErrnoError if the places cannot be read. */
export function takenPlaces(path: string): readonly Claimant[] {
  const fd = openToLook(path);
  if (fd === null) return [];
  try {
    return indices(PLACES_OF_HOST)
      .filter((index) => isByteLocked(fd, offsetOf(index)))
      .map((index) => readClaimant(fd, index));
  } finally {
    close(fd);
  }
}

/** E.g. `shell of user 1000: 16, web: 2`, the largest number first. */
export function whoseWords(claimants: readonly Claimant[]): string {
  const counts = new Map<string, number>();
  for (const { domain, uid } of claimants) {
    const whose = uid === 0 ? domain : `${domain} of user ${uid}`;
    counts.set(whose, (counts.get(whose) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([whose, count]) => `${whose}: ${count}`)
    .join(", ");
}

function openToLook(path: string): number | null {
  try {
    return open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

/** `?` while a mediator has locked its place and not yet written its claimant. */
function readClaimant(fd: number, index: number): Claimant {
  const record = Buffer.alloc(PLACE_BYTES);
  pread(fd, record, offsetOf(index));
  const [, domain = "?", uid = "0"] = /^(\S+) (\d+)\n/.exec(record.toString("latin1")) ?? [];
  return { domain, uid: Number(uid) };
}

function offsetOf(place: number): bigint {
  return BigInt(place * PLACE_BYTES);
}

function indices(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** FNV-1a, 64 bits. */
function hashOf(text: string): bigint {
  let state = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text))
    state = BigInt.asUintN(64, (state ^ BigInt(byte)) * 0x100000001b3n);
  return state;
}
