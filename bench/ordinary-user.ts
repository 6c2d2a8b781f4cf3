import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import type { Compiler, Scratch } from "./scratch.ts";

/** The account of every row that is an ordinary user's. */
export const ORDINARY_USER = "nobody";
const GROUP = "nogroup";

const AS_NOBODY = ["setpriv", "--reuid", ORDINARY_USER, "--regid", GROUP, "--clear-groups"];

/**
 * What stands in front of a command for an ordinary user to run it: its plans and runs lie in a
 * folder that is the user's own.
 */
export function asOrdinaryUser(scratch: Scratch): readonly string[] {
  return ordinaryUser(scratch).prefix;
}

/** The same user as the compiler of a plan. */
export function ordinaryUser(scratch: Scratch): Compiler {
  const home = scratch.file("home-of-a-user");
  if (!fs.existsSync(home)) {
    fs.mkdirSync(home);
    spawnSync("chown", [`${ORDINARY_USER}:${GROUP}`, home]);
  }
  const prefix = [...AS_NOBODY, "env", `HOME=${home}`, `XDG_RUNTIME_DIR=${home}`];
  return { prefix, folder: home };
}
