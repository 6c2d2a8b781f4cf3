import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE_FOLDER } from "../../../base/modes.ts";
import { close } from "../../ffi.ts";
import { libbpf } from "../libbpf.ts";
import { check } from "../object.ts";
import { LAYOUT, type LsmMap, lastingMaps } from "./layout.ts";

/**
 * Folders on a bpffs that keep the engine: `lasting/NAME` and `maps-LAYOUT/NAME`, and
 * `programs-N-LAYOUT-DIGEST/NAME` of the N-th object that was attached, whole. Programs are
 * attached and detached below `part-N`, so that what is left of a process that was killed meanwhile
 * never passes for the engine. Whatever is pinned there outlives every process. Only root may look
 * into it.
 */

const PROGRAMS = /^programs-(\d+)-(\d+)-([0-9a-f]+)$/;
const PART = /^part-\d+$/;
const MAPS = /^maps-(\d+)$/;
const LASTING = "lasting";

export function mapPin(folder: string, map: LsmMap): string {
  const isLasting = lastingMaps.some((one) => one === map);
  return isLasting ? join(folder, LASTING, map) : join(mapsOf(folder, LAYOUT), map);
}

export function makePins(folder: string): void {
  for (const made of [join(folder, LASTING), mapsOf(folder, LAYOUT)])
    mkdirSync(made, { recursive: true, mode: PRIVATE_FOLDER });
}

/** A descriptor of the pinned map; null if it is not pinned. */
export function openPin(folder: string, map: LsmMap): number | null {
  const path = mapPin(folder, map);
  return existsSync(path) ? check(`open ${path}`, libbpf().openPinned(path)) : null;
}

/** Descriptors of these maps; null if not all are pinned. */
export function openPins<M extends LsmMap>(
  folder: string,
  names: readonly M[],
): ReadonlyMap<M, number> | null {
  const maps = new Map<M, number>();
  for (const name of names) {
    const fd = openPin(folder, name);
    if (fd !== null) maps.set(name, fd);
  }
  if (maps.size === names.length) return maps;
  for (const fd of maps.values()) close(fd);
  return null;
}

/** Whether there are maps that programs of other versions have or had. */
export function hasOtherMaps(folder: string): boolean {
  return otherMaps(folder).length > 0;
}

/** What this version would neither take over nor remove. */
export function hasUnknownPins(folder: string): boolean {
  const known = (name: string) => [PROGRAMS, PART, MAPS].some((form) => form.test(name));
  return namesIn(folder).some((name) => name !== LASTING && !known(name));
}

export function removeOtherMaps(folder: string): void {
  for (const name of otherMaps(folder)) removeFolder(join(folder, name));
}

/** Programs that were attached together. */
export interface Generation {
  readonly number: number;
  readonly layout: number;
  /** Of the object that they are from, in hexadecimal. */
  readonly digest: string;
}

/** A pattern of glob(7) that matches while there are any. */
export function whileAttached(folder: string): string {
  return join(folder, "programs-*");
}

/** Oldest first. */
export function generations(folder: string): readonly Generation[] {
  return namesIn(folder)
    .flatMap((name) => {
      const [, number, layout, digest] = PROGRAMS.exec(name) ?? [];
      if (digest === undefined) return [];
      return [{ number: Number(number), layout: Number(layout), digest }];
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
  for (const name of namesIn(folder)) if (PART.test(name)) removeFolder(join(folder, name));
}

/**
 * Undoes everything: detaches all programs, then drops the maps. No process is in a domain
 * afterwards.
 */
export function unpin(folder: string): void {
  for (const generation of generations(folder)) removeGeneration(folder, generation);
  removeParts(folder);
  for (const name of namesIn(folder)) removeFolder(join(folder, name));
  if (existsSync(folder)) rmdirSync(folder);
}

function wholeOf(folder: string, { number, layout, digest }: Generation): string {
  return join(folder, `programs-${number}-${layout}-${digest}`);
}

function mapsOf(folder: string, layout: number): string {
  return join(folder, `maps-${layout}`);
}

function otherMaps(folder: string): readonly string[] {
  return namesIn(folder).filter((name) => {
    const layout = MAPS.exec(name)?.[1];
    return layout !== undefined && Number(layout) !== LAYOUT;
  });
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function partOf(folder: string, number: number): string {
  return join(folder, `part-${number}`);
}

function removeFolder(folder: string): void {
  for (const name of readdirSync(folder)) unlinkSync(join(folder, name));
  rmdirSync(folder);
}
