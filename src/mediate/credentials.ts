import { readFileSync } from "node:fs";

/** What the kernel goes by when a thread touches files; from /proc/TID/status (proc_pid_status(5)), the only source of the umask. */
export interface Credentials {
  readonly tgid: number;
  /** Process and thread id as the thread itself sees them, in its own pid namespace. */
  readonly ownTgid: number;
  readonly ownTid: number;
  readonly uid: number;
  readonly effectiveUid: number;
  readonly effectiveGid: number;
  readonly fsuid: number;
  readonly fsgid: number;
  readonly groups: readonly number[];
  /** Effective capabilities, 64-bit mask. */
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly umask: number;
}

/** Throws when the thread is gone or a line is missing. */
export function readCredentials(thread: number | "self"): Credentials {
  const text = readFileSync(`/proc/${thread}/status`, "latin1");
  const field = (name: string): string => {
    const at = text.startsWith(`${name}:`) ? 0 : text.indexOf(`\n${name}:`) + 1;
    if (at === 0 && !text.startsWith(`${name}:`)) throw new Error(`no ${name} in /proc/${thread}/status`);
    return text.slice(at + name.length + 1, text.indexOf("\n", at)).trim();
  };
  const ids = (name: string): number[] => field(name).split(/\s+/).filter(Boolean).map(Number);
  const last = (name: string): number => ids(name).at(-1) ?? -1;
  const [uid = -1, effectiveUid = -1, , fsuid = -1] = ids("Uid");
  const [, effectiveGid = -1, , fsgid = -1] = ids("Gid");
  return {
    tgid: Number(field("Tgid")),
    ownTgid: last("NStgid"),
    ownTid: last("NSpid"),
    uid,
    effectiveUid,
    effectiveGid,
    fsuid,
    fsgid,
    groups: ids("Groups"),
    effective: BigInt(`0x${field("CapEff")}`),
    permitted: BigInt(`0x${field("CapPrm")}`),
    umask: Number.parseInt(field("Umask"), 8),
  };
}
