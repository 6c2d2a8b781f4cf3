import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { tried } from "../break-ins.ts";
import { digestOf } from "../passages.ts";

/** What the machine says of a daemon. */
export const told = z.strictObject({
  version: z.string(),
  /** What it was warned about and refused; its file lists all of it. */
  told: z.array(z.string()).readonly(),
  /** By a program in its place. */
  tried: z.array(tried).readonly(),
});
const kernelPassage = told.extend({
  name: z.string(),
  /** ISO 8601, the day alone. */
  day: z.string(),
  /** Of the daemon's policy, cases and script, as they were then. */
  digest: z.string(),
});
/** What was seen of a daemon in a domain of the kernel's engine, in a virtual machine. */
export type KernelPassage = z.infer<typeof kernelPassage>;

const folder = join(import.meta.dirname, "seen");
const fileOf = (name: string): string => join(folder, `${name}.json`);

export function keepKernelPassage(passage: Omit<KernelPassage, "digest">): void {
  mkdirSync(folder, { recursive: true });
  const kept: KernelPassage = { ...passage, digest: digestOf(passage.name) };
  writeFileSync(fileOf(passage.name), `${JSON.stringify(kept, null, 2)}\n`);
}

/** null if none was seen. */
export function keptKernelPassage(name: string): KernelPassage | null {
  const file = fileOf(name);
  return existsSync(file) ? kernelPassage.parse(JSON.parse(readFileSync(file, "utf8"))) : null;
}
