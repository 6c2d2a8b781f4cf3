import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { attachEngine } from "./lsm.ts";
import type { Places } from "./places.ts";
import type { PreparedChange } from "./setting-change.ts";
import { modesFor, writeWhole } from "./write-whole.ts";

/** Exists while the agent puts domains that are entered by executable into force in the kernel. */
function fileOf(places: Places): string {
  return join(dirname(places.system.numbers), "bpf-lsm-entries");
}

export function entersInKernel(places: Places): boolean {
  return existsSync(fileOf(places));
}

/** @throws HostError where the kernel does not take the engine */
export function prepareEntries(places: Places, enters: boolean): PreparedChange {
  if (enters) attachEngine(places);
  const file = fileOf(places);
  return {
    isRescue: !enters,
    place: async () => {
      if (enters) writeWhole(file, Buffer.alloc(0), modesFor(0));
      else rmSync(file, { force: true });
    },
    discard: () => undefined,
    next: [
      enters
        ? "cofferdam domain reload puts the domains with `enter: exec` into force"
        : "cofferdam domain reload ends the entries; cofferdam agent --unpin lets go who is inside",
    ],
  };
}
