import type { ProgramFacts } from "../../domain/remembered-programs.ts";
import { c, self, sys, versionOf } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { programHead } from "./program-head.ts";

const CAPABILITIES = c("security.capability");

/** By an O_PATH descriptor; null if the file must be read. */
export function rememberedFacts({ broker }: Call, fd: number): ProgramFacts | null {
  const version = versionOf(fd);
  return typeof version === "number" ? null : broker.programs.of(version);
}

/**
 * Reads the facts from the file, with the mediator's own rights: a process may execute a program
 * that it cannot read. `mount`: the mount where it was found.
 */
export function readFacts({ broker }: Call, fd: number, mount: number): ProgramFacts {
  const now = Date.now();
  const version = versionOf(fd);
  const facts = {
    head: programHead(fd),
    hasCapabilities: sys("getxattr", c(self(fd)), CAPABILITIES, null, 0) >= 0,
  };
  // Times on a network or user-space file system are whatever its server says.
  const isTold = typeof version !== "number" && !broker.mounts.isSlow(mount);
  if (isTold && facts.head.kind !== "unreadable") broker.programs.remember(now, version, facts);
  return facts;
}
