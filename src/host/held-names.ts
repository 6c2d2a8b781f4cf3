import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { holderLives, type Run } from "../domains/runs.ts";
import {
  LANDLOCK_ACCESS_FS_EXECUTE,
  LANDLOCK_ACCESS_FS_IOCTL_DEV,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from "../kernel/constants.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { openat2 } from "../kernel/ffi.ts";
import { unlessGone } from "../kernel/unless-gone.ts";
import { decide } from "../model/decide.ts";
import { areBrokered } from "../model/late-names.ts";
import { decodePlan } from "../plan/decode.ts";
import { PlanFormatError } from "../plan/format-error.ts";
import type { Plan } from "../plan/plan.ts";
import { absentNames } from "./absent-names.ts";

/** How a granted name has changed since the start of a run. */
export interface Drift {
  readonly path: string;
  /**
   * `replaced`: another object has the name now, and is refused. `appeared`: the name had no object
   * at the start, and the one that it has now is refused.
   */
  readonly kind: (typeof driftKinds)[number];
}

export const driftKinds = ["replaced", "gone", "appeared"] as const;

/** A name on which a Landlock rule of a run was placed, or would be if it had been there. */
export interface HeldName {
  readonly path: string;
  /** `DEVICE:INODE` at the start; null if the name was not there. */
  readonly object: string | null;
}

export interface HeldNames {
  readonly names: readonly HeldName[];
  /** Whether the domain may itself create or delete the name, such as its pid file. */
  isDomainsOwn(path: string): boolean;
}

/** The names of memory that a holder keeps (`native/landlock.c`, `native/plan-file.c`). */
const memories = { held: "cofferdam-held", plan: "cofferdam-plan" } as const;
/** Bytes of one object in the memory of held ones: device and inode. */
const OBJECT_BYTES = 16;
/** What the mediator cannot do with a late name: execute it, and send requests to a device. */
const KERNEL_ALONE = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_IOCTL_DEV;
/** Limit on the names that are reported for one run. */
const DRIFT_MAX = 100;
const unreachable = ["ENOENT", "ENOTDIR", "EACCES", "ESRCH", "EPERM"] as const;

/**
 * Compares the objects of a sealed run's Landlock rules with what their names reach now, in the
 * run's own view of the host. Names that the domain may itself create or delete do not count. Empty
 * for runs of which {@link heldNames} knows nothing.
 */
export function driftOf(run: Run): readonly Drift[] {
  const held = heldNames(run);
  const found = held === null ? null : withRoot(run, (root) => driftIn(root, held.names));
  if (held === null || found === null) return [];
  return found.filter(({ path }) => !held.isDomainsOwn(path)).slice(0, DRIFT_MAX);
}

/**
 * The holder keeps both the rules and their objects, so a later plan of the domain changes no
 * answer. Files below a directory that grants them as much have no rule of their own. Names that
 * the mediator opens anew (brokered late names) are left out. null for supervised runs, for
 * those of other users, and if the holder is gone.
 */
export function heldNames(run: Run): HeldNames | null {
  // Another user's record may name any process as its holder.
  if (run.owner !== process.geteuid?.()) return null;
  if (run.mode !== "sealed" || run.holderState !== "alive") return null;
  const held = memoryOf(run.holder, memories.held);
  const plan = planKeptBy(run.holder);
  if (plan === null || held === null) return null;
  const { lateNames } = plan.mediation.policy;
  const rules = plan.landlock?.paths ?? [];
  const ruled = rules.flatMap(({ path, rights }, index) =>
    areBrokered(lateNames) && (rights & KERNEL_ALONE) === 0n
      ? []
      : [{ path, object: objectAt(held, index) }],
  );
  return {
    names: [...ruled, ...absentNames(plan).map((path) => ({ path, object: null }))],
    isDomainsOwn: (path) => isDomainsOwn(plan, path),
  };
}

/**
 * The plan with which a sealed run was started; null if its holder has ended, or another version of
 * Cofferdam made it.
 */
export function planKeptBy(holder: number): Plan | null {
  const bytes = memoryOf(holder, memories.plan);
  return bytes === null ? null : decodedOrNull(bytes);
}

/** null for a plan that another version of Cofferdam made. */
function decodedOrNull(bytes: Buffer): Plan | null {
  try {
    return decodePlan(bytes);
  } catch (error) {
    if (error instanceof PlanFormatError) return null;
    throw error;
  }
}

/**
 * `work` with the root directory that the run sees, open; null if the holder has ended meanwhile.
 */
export function withRoot<T>(run: Run, work: (root: number) => T): T | null {
  const flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  const root = unlessGone(() => openSync(`/proc/${run.holder}/root`, flags));
  if (root === null) return null;
  try {
    const result = work(root);
    // Asked last: names may go as a run ends, and its process id may have another process now.
    return holderLives(run) ? result : null;
  } finally {
    closeSync(root);
  }
}

/** `root`: of {@link withRoot}. */
export function driftIn(root: number, names: readonly HeldName[]): readonly Drift[] {
  return names.flatMap(({ path, object }): readonly Drift[] => {
    const now = objectNow(root, path);
    if (now === object) return [];
    return [{ path, kind: now === null ? "gone" : object === null ? "appeared" : "replaced" }];
  });
}

function isDomainsOwn({ mediation }: Plan, path: string): boolean {
  return (["create", "delete"] as const).some(
    (operation) =>
      decide(mediation.policy, { class: "name", operation, path }).outcome === "granted",
  );
}

/** `DEVICE:INODE`; null for a rule whose name was not there at the start. */
function objectAt(held: Buffer, index: number): string | null {
  const at = index * OBJECT_BYTES;
  if (at + OBJECT_BYTES > held.length) return null;
  const inode = held.readBigUInt64LE(at + OBJECT_BYTES / 2);
  return inode === 0n ? null : `${held.readBigUInt64LE(at)}:${inode}`;
}

/** Stands for the object of a name that leads through a symbolic link now. */
const BEHIND_A_LINK = "link";

function objectNow(root: number, path: string): string | null {
  try {
    const object = openBelow(root, path, O_PATH);
    try {
      const { dev, ino } = fstatSync(object, { bigint: true });
      return `${dev}:${ino}`;
    } finally {
      closeSync(object);
    }
  } catch (error) {
    if (hasCode(error, "ELOOP")) return BEHIND_A_LINK;
    if (hasCode(error, ...unreachable)) return null;
    throw error;
  }
}

/**
 * Follows no symbolic link, as the launcher does not: the paths of rules had none, and a link may
 * lead to a file system that never answers.
 * @throws ErrnoError
 */
export function openBelow(root: number, path: string, flags: number): number {
  return openat2(root, path, {
    flags: flags | O_NOFOLLOW | O_CLOEXEC,
    resolve: RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
  });
}

function memoryOf(holder: number, name: string): Buffer | null {
  const folder = `/proc/${holder}/fd`;
  return unlessGone(() => {
    const link = `/memfd:${name} (deleted)`;
    const found = readdirSync(folder).find((fd) => readlinkSync(`${folder}/${fd}`) === link);
    return found === undefined ? null : readFileSync(`${folder}/${found}`);
  });
}
