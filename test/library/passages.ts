import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clone } from "../package/packages.ts";
import type { Passage } from "./go-through.ts";
import { meaningOf } from "./policy.ts";

/** What was last seen of each daemon: `passages/NAME.json`, from which docs/library.md is made. */
const folder = join(import.meta.dirname, "passages");

export interface KeptPassage extends Passage {
  /** Of what the daemon's policy meant, its cases and its script, as they were then. */
  readonly digest: string;
}

const fileOf = (name: string): string => join(folder, `${name}.json`);

export function keepPassage(passage: Passage): void {
  mkdirSync(folder, { recursive: true });
  const kept: KeptPassage = { ...passage, digest: digestOf(passage.name) };
  writeFileSync(fileOf(passage.name), `${JSON.stringify(kept, null, 2)}\n`);
}

/** null if none was seen. */
export function keptPassage(name: string): KeptPassage | null {
  if (!existsSync(fileOf(name))) return null;
  return JSON.parse(readFileSync(fileOf(name), "utf8")) as KeptPassage;
}

/** Of what a passage is about, as it is now. */
export function digestOf(name: string): string {
  const files = [`domains/cases/${name}.yaml`, `test/library/daemons/${name}.yaml`];
  return digestOfLines([...meaningOf(name), ...files.flatMap(said)]);
}

/** Of what a domain's policy means, as it is now. */
export const digestOfPolicy = (name: string): string => digestOfLines(meaningOf(name));

/** A file of the clone without comments and empty lines. */
function said(file: string): readonly string[] {
  const lines = readFileSync(join(clone, file), "utf8").split("\n");
  return [file, ...lines.filter((line) => !/^\s*(#|$)/.test(line))];
}

function digestOfLines(lines: readonly string[]): string {
  return createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 16);
}
