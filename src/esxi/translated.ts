import { esxtop } from "./tools/esxtop.ts";
import { supportUtil } from "./tools/support-util.ts";

/**
 * Commands of ESXi that are commands of `cofferdam` by another name: their words in its words. They
 * throw HostError for what has no meaning here.
 */
export const translated: Readonly<Record<string, (args: readonly string[]) => readonly string[]>> =
  {
    esxtop,
    "support-util": supportUtil,
  };
