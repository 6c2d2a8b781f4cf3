import { chmodSync, mkdirSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { PASSABLE_FOLDER, PUBLIC_FOLDER } from "../../base/modes.ts";
import { attachTypes } from "../../kernel/bpf/attach-types.ts";
import type { Control } from "../../kernel/bpf/control.ts";
import { hasCode } from "../../kernel/ffi.ts";
import { OWN_GROUP } from "../../kernel/probe/caller.ts";
import { decodeAutomaton } from "../../model/automaton/binary.ts";
import { granted } from "../../model/granted.ts";
import type { Policy } from "../../model/policy.ts";
import type { CgroupPlan } from "../../plan/plan.ts";
import type { NameAlias } from "./aliases.ts";
import {
  type AttachedProgram,
  anchorName,
  makeAnchor,
  missingPrograms,
  removeBrokenAnchor,
  removeIdleAnchors,
  tagsOf,
} from "./anchor.ts";
import { tablesDigest } from "./digest.ts";
import { pruneElsewhere } from "./elsewhere.ts";
import { AnchorError } from "./errors.ts";
import { withFolderLock } from "./lock.ts";
import { type Judged, loadPrograms, programsFor, shippedObject } from "./programs.ts";
import { cgroupTables } from "./tables.ts";

/**
 * Idle anchors of a domain that are kept besides the current one: other ready plans of it (with
 * other variables) may use them.
 */
const IDLE_ANCHORS_MAX = 8;
/** Traversable by all, readable by root only: a process that can open it can hold its lock. */
const ROOT_MODE = PASSABLE_FOLDER;

export interface CgroupTarget {
  /** The domain's name, `template@instance` included. */
  readonly domain: string;
  readonly cgroup2: string;
  /** Default `sockets-and-names`. null: nothing is judged; the cgroup only identifies processes. */
  readonly judged?: Judged | null;
  /** The programs' first level, and whether it can change; default: they enforce permanently. */
  readonly control?: Control;
  /**
   * Symbolic links of the policy's unix-socket names (`nameAliases`); default none: such names are
   * refused.
   */
  readonly aliases?: readonly NameAlias[];
  readonly idleAnchorsMax?: number;
}

/**
 * Makes `CGROUP2/cofferdam/DOMAIN.DIGEST` with this policy's programs, or finds that it exists. The
 * same policy gives the same directory. Another policy gives another, and runs in the old one keep
 * their rules. Needs root (CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON and the right to write the
 * hierarchy).
 *
 * @param automaton binary form of the automaton over all the policy's names
 * @throws AnchorError, BpfError, CgroupTableError: without a plan the domain must not start
 */
export async function prepareCgroup(
  policy: Policy,
  automaton: Uint8Array,
  {
    domain,
    cgroup2,
    judged = "sockets-and-names",
    control = { level: "enforcing", number: null, generation: 0, table: 0 },
    aliases = [],
    idleAnchorsMax = IDLE_ANCHORS_MAX,
  }: CgroupTarget,
): Promise<CgroupPlan> {
  if (!/^[^/\n\0]+$/.test(domain)) throw new AnchorError(`\`${domain}\` cannot name a cgroup`);
  if (judged === null) return await withoutPrograms(domain, makeRoot(cgroup2));
  const tables = cgroupTables(policy, decodeAutomaton(automaton), aliases);
  const bytes = shippedObject();
  const names = programsFor(judged, policy.addresses);
  const root = makeRoot(cgroup2);
  const digest = tablesDigest(bytes, names, tables, followed(control));
  const anchor = join(root, anchorName(domain, digest));
  return await withFolderLock(root, () => {
    const object = loadPrograms(bytes, tables, names, { kind: "made", control });
    try {
      const programs = tagsOf(object, names);
      const missing = missingFrom(anchor, programs);
      if (missing !== null && missing !== "anchor") removeBrokenAnchor(anchor, missing);
      if (missing !== null) makeAnchor(anchor, object, programs);
      // On a socket unit's group the programs of an earlier policy would have to agree, too.
      if (missing !== null && granted(policy.inherit).has("listen")) pruneElsewhere(root);
      keep(anchor);
      removeIdleAnchors(anchor, idleAnchorsMax);
      return planOf(anchor, programs);
    } finally {
      object[Symbol.dispose]();
    }
  });
}

function followed({ level, number, table }: Control): string {
  return number === null ? level : `${number} ${table}`;
}

const NO_PROGRAMS = "0".repeat(64);

async function withoutPrograms(domain: string, root: string): Promise<CgroupPlan> {
  const anchor = join(root, anchorName(domain, NO_PROGRAMS));
  return await withFolderLock(root, () => {
    mkdirSync(anchor, { recursive: true, mode: PUBLIC_FOLDER });
    keep(anchor);
    return { anchor, programs: [] };
  });
}

/**
 * The plan that names the anchor is not written yet. Its new time tells the search for idle anchors
 * that it is in use (`idle-anchors.ts`).
 */
function keep(anchor: string): void {
  const now = new Date();
  utimesSync(anchor, now, now);
}

/**
 * Makes `CGROUP2/cofferdam`, or finds that it exists.
 * @throws AnchorError if it is another user's
 */
export function makeRoot(cgroup2: string): string {
  const root = join(cgroup2, OWN_GROUP);
  mkdirSync(root, { recursive: true });
  if (statSync(root).uid !== process.geteuid?.()) {
    throw new AnchorError(`${root} belongs to another user; remove it, then try again`);
  }
  chmodSync(root, ROOT_MODE);
  return root;
}

function missingFrom(anchor: string, programs: readonly AttachedProgram[]) {
  try {
    return missingPrograms(anchor, programs);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "anchor";
    throw error;
  }
}

function planOf(anchor: string, programs: readonly AttachedProgram[]): CgroupPlan {
  return {
    anchor,
    programs: programs.map(({ name, tag }) => ({
      attachType: attachTypes[name],
      tag: Buffer.from(tag, "hex"),
    })),
  };
}
