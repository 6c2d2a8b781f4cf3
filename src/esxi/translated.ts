import { esxtop } from "./tools/esxtop.ts";
import { supportUtil } from "./tools/support-util.ts";

/**
 * Commands of ESXi that `cofferdam` has under another name; each function translates the words.
 * They throw HostError for what has no meaning here.
 */
export const translated: Readonly<Record<string, (args: readonly string[]) => readonly string[]>> =
  {
    esxtop,
    "support-util": supportUtil,
  };
