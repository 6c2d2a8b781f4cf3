import { readFileSync } from "node:fs";

/** What the kernel judges a thread's file accesses by, except for the umask. */
export interface Credentials {
  readonly tgid: number;
  /** Numbers of the process and the thread in each pid namespace, from the reader's on down. */
  readonly numbers: { readonly process: readonly number[]; readonly thread: readonly number[] };
  readonly ownTgid: number;
  readonly ownTid: number;
  readonly sharesPidNamespace: boolean;
  readonly uid: number;
  readonly gid: number;
  readonly effectiveUid: number;
  readonly effectiveGid: number;
  readonly savedUid: number;
  readonly savedGid: number;
  readonly fsuid: number;
  readonly fsgid: number;
  readonly groups: readonly number[];
  /** Effective capabilities, 64-bit mask. */
  readonly effective: bigint;
  readonly permitted: bigint;
}

export interface Status {
  readonly credentials: Credentials;
  readonly umask: number;
  readonly threads: number;
}

export function ownCredentials(): Credentials {
  return parseStatus(readFileSync("/proc/self/status", "latin1")).credentials;
}

/**
 * Throws if a line is missing. A thread cannot forge a line by its name: the kernel escapes control
 * characters there.
 */
export function parseStatus(text: string): Status {
  let at = 0;
  // Fields must be read in the order of their lines.
  const field = (name: string): string => {
    const start = text.indexOf(`\n${name}:\t`, at);
    if (start < 0) throw new Error(`no ${name}`);
    const value = start + name.length + 3;
    at = text.indexOf("\n", value);
    return text.slice(value, at);
  };
  const ids = (name: string): number[] => field(name).split(/\s+/).filter(Boolean).map(Number);
  const umask = Number.parseInt(field("Umask"), 8);
  const tgid = Number(field("Tgid"));
  const [uid = -1, effectiveUid = -1, savedUid = -1, fsuid = -1] = ids("Uid");
  const [gid = -1, effectiveGid = -1, savedGid = -1, fsgid = -1] = ids("Gid");
  const groups = ids("Groups");
  const process = ids("NStgid");
  const thread = ids("NSpid");
  const ownTgid = process.at(-1) ?? -1;
  const ownTid = thread.at(-1) ?? -1;
  const threads = Number(field("Threads"));
  const permitted = BigInt(`0x${field("CapPrm")}`);
  const effective = BigInt(`0x${field("CapEff")}`);
  const credentials = {
    tgid,
    numbers: { process, thread },
    ownTgid,
    ownTid,
    sharesPidNamespace: process.length === 1,
    uid,
    gid,
    effectiveUid,
    effectiveGid,
    savedUid,
    savedGid,
    fsuid,
    fsgid,
    groups,
    effective,
    permitted,
  };
  return { credentials, umask, threads };
}
