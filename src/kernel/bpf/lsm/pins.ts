import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE_FOLDER } from "../../../base/modes.ts";
import { libbpf } from "../libbpf.ts";
import { check } from "../object.ts";
import type { LsmMap } from "./layout.ts";

/**
 * Folders on a bpffs that keep the engine: `maps/NAME`, and `programs-N-DIGEST/NAME` of the N-th
 * object that was attached, whole. Programs are attached and detached below `part-N`, so that what
 * is left of a process that was killed meanwhile never passes for the engine. Whatever is pinned
 * there outlives every process. Only root may look into it.
 */

const PROGRAMS = /^programs-(\d+)-([0-9a-f]+)$/;
const PART = /^part-\d+$/;

export function mapPin(folder: string, map: LsmMap): string {
  return join(folder, "maps", map);
}

export function makePins(folder: string): void {
  mkdirSync(join(folder, "maps"), { recursive: true, mode: PRIVATE_FOLDER });
}

/** A descriptor of the pinned map; null if it is not pinned. */
export function openPin(folder: string, map: LsmMap): number | null {
  const path = mapPin(folder, map);
  return existsSync(path) ? check(`open ${path}`, libbpf().openPinned(path)) : null;
}

/** Programs that were attached together. */
export interface Generation {
  readonly number: number;
  /** Of the object that they are from, in hexadecimal. */
  readonly digest: string;
}

/** Oldest first. */
export function generations(folder: string): readonly Generation[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => {
      const [, number, digest] = PROGRAMS.exec(name) ?? [];
      return digest === undefined ? [] : [{ number: Number(number), digest }];
    })
    .sort((a, b) => a.number - b.number);
}

/** A folder for its programs, which are no generation yet. */
export function beginGeneration(folder: string, { number }: Generation): string {
  const made = partOf(folder, number);
  mkdirSync(made, { mode: PRIVATE_FOLDER });
  return made;
}

/** All its programs are attached. */
export function completeGeneration(folder: string, generation: Generation): void {
  renameSync(partOf(folder, generation.number), wholeOf(folder, generation));
}

/** Detaches its programs. */
export function removeGeneration(folder: string, generation: Generation): void {
  renameSync(wholeOf(folder, generation), partOf(folder, generation.number));
  removeParts(folder);
}

/** Detaches what a process has left that was killed while it attached or detached programs. */
export function removeParts(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) if (PART.test(name)) removeFolder(join(folder, name));
}

/**
 * Undoes everything: detaches all programs, then drops the maps. No process is in a domain
 * afterwards.
 */
export function unpin(folder: string): void {
  for (const generation of generations(folder)) removeGeneration(folder, generation);
  removeParts(folder);
  if (existsSync(join(folder, "maps"))) removeFolder(join(folder, "maps"));
  if (existsSync(folder)) rmdirSync(folder);
}

function wholeOf(folder: string, { number, digest }: Generation): string {
  return join(folder, `programs-${number}-${digest}`);
}

function partOf(folder: string, number: number): string {
  return join(folder, `part-${number}`);
}

function removeFolder(folder: string): void {
  for (const name of readdirSync(folder)) unlinkSync(join(folder, name));
  rmdirSync(folder);
}
