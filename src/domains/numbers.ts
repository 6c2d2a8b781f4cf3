import { dirname } from "node:path";
import { lockFile } from "../kernel/file-lock.ts";
import type { DomainIdentity } from "./identity.ts";
import { DOMAIN_NUMBERS_MAX } from "./live-table-layout.ts";
import {
  type NumberedDomain,
  type NumbersFile,
  readNumbers,
  writeNumbers,
} from "./numbers-file.ts";
import { StateError } from "./state-error.ts";

/** Limit on the wait while another process assigns numbers, milliseconds. */
const LOCK_WAIT_MAX_MS = 5_000;

/**
 * Numbers of the domains in `wanted`, by name. New domains get the next number; a domain whose file
 * was renamed keeps its own. `present` are the names of all domains that have a file, readable or
 * not; with `complete` set, every other numbered domain is gone.
 * @throws StateError for a broken file, one locked for too long, or if no number is left
 */
export function giveNumbers(
  path: string,
  wanted: readonly DomainIdentity[],
  present: ReadonlySet<string>,
  complete = false,
): ReadonlyMap<string, number> {
  const lock = lockFile(`${path}.lock`, LOCK_WAIT_MAX_MS);
  if (lock === null)
    throw new StateError(
      `${path}.lock has been held for ${LOCK_WAIT_MAX_MS} ms`,
      `see who holds it: fuser ${path}.lock; then try again (${dirname(path)} must be on a ` +
        "local file system)",
    );
  try {
    const before = readNumbers(path);
    const after = withNumbers(before, wanted, present, complete);
    if (JSON.stringify(after) !== JSON.stringify(before)) writeNumbers(path, after);
    const names = new Set(wanted.map(({ name }) => name));
    return new Map(
      after.domains
        .filter(({ name, gone }) => !gone && names.has(name))
        .map(({ name, number }) => [name, number]),
    );
  } finally {
    lock.release();
  }
}

function withNumbers(
  file: NumbersFile,
  wanted: readonly DomainIdentity[],
  present: ReadonlySet<string>,
  complete: boolean,
): NumbersFile {
  const here = new Set([...present, ...wanted.map(({ name }) => name)]);
  const domains = [...file.domains];
  const taken = new Set<number>();
  const strangers: DomainIdentity[] = [];
  for (const one of wanted) {
    const at = newest(domains, one.name);
    if (at < 0) strangers.push(one);
    else domains[at] = recordOf(one, take(taken, domains[at]?.number ?? 0));
  }
  let next = file.next;
  for (const one of strangers) {
    const at = renamedFrom(one, strangers, domains, here, taken);
    if (at >= 0) domains[at] = recordOf(one, take(taken, domains[at]?.number ?? 0));
    else {
      if (next >= DOMAIN_NUMBERS_MAX)
        throw new StateError(
          `there is no number left for ${one.name}`,
          `a host gives ${DOMAIN_NUMBERS_MAX - 1} in its life`,
        );
      domains.push(recordOf(one, take(taken, next)));
      next += 1;
    }
  }
  const rest = complete
    ? domains.map((one) => (here.has(one.name) ? one : { ...one, gone: true as const }))
    : domains;
  return { version: 1, next, domains: rest };
}

function take(taken: Set<number>, number: number): number {
  taken.add(number);
  return number;
}

/**
 * A name that came back is the same domain. If several domains had the name one after the other, it
 * is the last of them.
 */
function newest(domains: readonly NumberedDomain[], name: string): number {
  const live = domains.findIndex((one) => one.name === name && !one.gone);
  return live >= 0 ? live : domains.findLastIndex((one) => one.name === name);
}

/**
 * Finds the domain whose file was renamed to this new name: it has no file now, and had the same
 * file or else the same meaning. -1 if none fits, or if several fit on either side: a new number is
 * safer than another domain's. Instances of templates have the same meaning and are different
 * domains.
 */
function renamedFrom(
  one: DomainIdentity,
  strangers: readonly DomainIdentity[],
  domains: readonly NumberedDomain[],
  here: ReadonlySet<string>,
  taken: ReadonlySet<number>,
): number {
  if (one.name.includes("@")) return -1;
  const lost = domains.filter(
    ({ name, number }) => !here.has(name) && !taken.has(number) && !name.includes("@"),
  );
  const sameFile = one.inode === null ? [] : lost.filter(({ inode }) => inode === one.inode);
  const sameMeaning = lost.filter(({ identity }) => identity === one.identity);
  const rivals = strangers.filter(
    ({ identity, name }) => identity === one.identity && !name.includes("@"),
  );
  const candidates = sameFile.length > 0 ? sameFile : rivals.length === 1 ? sameMeaning : [];
  return candidates.length === 1 && candidates[0] !== undefined
    ? domains.indexOf(candidates[0])
    : -1;
}

function recordOf(
  { name, origin, identity, inode }: DomainIdentity,
  number: number,
): NumberedDomain {
  return { number, name, origin, identity, ...(inode === null ? {} : { inode }) };
}
