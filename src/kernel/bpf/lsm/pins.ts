import { existsSync, mkdirSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE_FOLDER } from "../../../base/modes.ts";
import { libbpf } from "../libbpf.ts";
import { check } from "../object.ts";
import type { LsmMap } from "./layout.ts";

/**
 * Folders on a bpffs that keep the engine: `maps/NAME`, and `programs-N/NAME` of the N-th object
 * that was attached. Whatever is pinned there outlives every process. Only root may look into it.
 */

const PROGRAMS = /^programs-(\d+)$/;

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

/** Generations of attached programs, oldest first. */
export function generations(folder: string): readonly number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => PROGRAMS.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

export function makeGeneration(folder: string, generation: number): string {
  const made = join(folder, `programs-${generation}`);
  mkdirSync(made, { mode: PRIVATE_FOLDER });
  return made;
}

/** Detaches its programs. */
export function removeGeneration(folder: string, generation: number): void {
  removeFolder(join(folder, `programs-${generation}`));
}

/**
 * Undoes everything: detaches all programs, then drops the maps. No process is in a domain
 * afterwards.
 */
export function unpin(folder: string): void {
  for (const generation of generations(folder)) removeGeneration(folder, generation);
  if (existsSync(join(folder, "maps"))) removeFolder(join(folder, "maps"));
  if (existsSync(folder)) rmdirSync(folder);
}

function removeFolder(folder: string): void {
  for (const name of readdirSync(folder)) unlinkSync(join(folder, name));
  rmdirSync(folder);
}
