import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clone } from "../package/packages.ts";
import type { Passage } from "./go-through.ts";

/** What was last seen of each daemon: `passages/NAME.json`, from which docs/library.md is made. */
const folder = join(import.meta.dirname, "passages");

export interface KeptPassage extends Passage {
  /** Of the daemon's policy, cases and script, as they were then. */
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

/** Of what a passage is about, as it is now, without comments and empty lines. */
export function digestOf(name: string): string {
  return digestOfFiles([
    `domains/${name}.yaml`,
    `domains/cases/${name}.yaml`,
    `test/library/daemons/${name}.yaml`,
  ]);
}

/** The same of some files of the clone. */
export function digestOfFiles(files: readonly string[]): string {
  const digest = createHash("sha256");
  for (const file of files) {
    const lines = readFileSync(join(clone, file), "utf8").split("\n");
    const said = lines.filter((line) => !/^\s*(#|$)/.test(line));
    digest.update(`${file}\n${said.join("\n")}\n`);
  }
  return digest.digest("hex").slice(0, 16);
}
