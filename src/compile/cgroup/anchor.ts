import { mkdirSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { PUBLIC_FOLDER } from "../../base/modes.ts";
import { attachedTags, attachToCgroup } from "../../kernel/bpf/attach.ts";
import { attachTypes, type ProgramName } from "../../kernel/bpf/attach-types.ts";
import { type BpfObject, programTag } from "../../kernel/bpf/object.ts";
import { hasCode } from "../../kernel/ffi.ts";
import { withDirectory } from "./directory.ts";
import { AnchorError } from "./errors.ts";

/**
 * A program of an anchor: a cgroup with the programs of one domain and one set of tables. Processes
 * are in children of it.
 */
export interface AttachedProgram {
  readonly name: ProgramName;
  readonly tag: string;
}

/**
 * Hex digits of the digest after the domain's name. A changed policy gets a new directory, and so
 * never meets old programs.
 */
const DIGEST_DIGITS = 16;

export function anchorName(domain: string, digest: string): string {
  return `${domain}.${digest.slice(0, DIGEST_DIGITS)}`;
}

/** `missing`: a program that the anchor lacks; null if all are there. */
export function missingPrograms(
  anchor: string,
  programs: readonly AttachedProgram[],
): ProgramName | null {
  return withDirectory(anchor, (fd) => {
    const missing = programs.find(
      ({ name, tag }) => !attachedTags(fd, attachTypes[name]).includes(tag),
    );
    return missing?.name ?? null;
  });
}

/** A daemon enters only an anchor with all programs: launchers compare tags. */
export function makeAnchor(
  anchor: string,
  object: BpfObject,
  programs: readonly AttachedProgram[],
): void {
  mkdirSync(anchor, { mode: PUBLIC_FOLDER });
  try {
    withDirectory(anchor, (fd) => {
      for (const { name } of programs)
        attachToCgroup(object.programFd(name), fd, attachTypes[name]);
    });
  } catch (error) {
    rmdirSync(anchor);
    throw error;
  }
}

/** Refuses while a process is in the anchor. Removes its empty children, too. */
export function removeBrokenAnchor(anchor: string, missing: ProgramName): void {
  try {
    for (const child of childrenOf(anchor)) rmdirSync(child);
    rmdirSync(anchor);
  } catch (error) {
    if (!hasCode(error, "EBUSY")) throw error;
    throw new AnchorError(
      `${anchor} has processes in it but lacks its program ${missing}: it was detached; stop` +
        " these processes and try again",
    );
  }
}

/** The anchors of all domains below `CGROUP2/cofferdam`, absolute. */
export function anchorsIn(root: string): readonly string[] {
  return childrenOf(root).filter((path) => /\.[0-9a-f]{16}$/.test(path));
}

/** The groups of runs in an anchor, absolute, by their daemons' process ids. */
export function runGroupsIn(anchor: string): readonly string[] {
  return childrenOf(anchor).filter((path) => /\/[1-9]\d{0,9}$/.test(path));
}

/** The kernel's own answer covers processes in the anchor itself. */
export function isEmpty(anchor: string): boolean {
  return childrenOf(anchor).length === 0;
}

/**
 * Removes all but the newest `keep` anchors of the same domain that have neither processes nor
 * children.
 */
export function removeIdleAnchors(current: string, keep: number): void {
  const domain = basename(current).slice(0, -DIGEST_DIGITS);
  const others = childrenOf(dirname(current)).filter((anchor) => {
    const name = basename(anchor);
    return (
      anchor !== current &&
      name.startsWith(domain) &&
      /^[0-9a-f]{16}$/.test(name.slice(domain.length))
    );
  });
  const newestFirst = others
    .map((anchor) => ({ anchor, made: statSync(anchor).mtimeMs }))
    .sort((a, b) => b.made - a.made);
  for (const { anchor } of newestFirst.slice(keep)) removeUnlessBusy(anchor);
}

export function tagsOf(object: BpfObject, names: readonly ProgramName[]): AttachedProgram[] {
  return names.map((name) => ({ name, tag: programTag(object.programFd(name)) }));
}

/**
 * The kernel refuses while the cgroup has processes or children. Returns false if it refused or the
 * cgroup was gone.
 */
export function removeUnlessBusy(anchor: string): boolean {
  try {
    rmdirSync(anchor);
    return true;
  } catch (error) {
    if (!hasCode(error, "EBUSY", "ENOENT")) throw error;
    return false;
  }
}

function childrenOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name));
}
