import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Places } from "./places.ts";
import type { PreparedChange } from "./setting-change.ts";
import { modesFor, writeWhole } from "./write-whole.ts";

/** Exists while users of `supershell` must give a reason. */
function fileOf(places: Places): string {
  return join(dirname(places.system.numbers), "supershell-asks-reason");
}

export function asksReason(places: Places): boolean {
  return existsSync(fileOf(places));
}

export function prepareReason(places: Places, asks: boolean): PreparedChange {
  const file = fileOf(places);
  return {
    isRescue: false,
    place: async () => {
      if (asks) writeWhole(file, Buffer.alloc(0), modesFor(0));
      else rmSync(file, { force: true });
    },
    discard: () => undefined,
    next: [],
  };
}
