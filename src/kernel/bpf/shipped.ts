import { readFileSync } from "node:fs";
import { shippedFile } from "../shipped-file.ts";

/** An object file of `bpf/`, by its name there. */
export function readShipped(name: string): Uint8Array {
  return readFileSync(shippedFile(`bpf/${name}`));
}
