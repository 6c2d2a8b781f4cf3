import { errnoName } from "../errno-error.ts";
import type { Probe } from "../host-facts.ts";

export const yes: Probe = { state: "yes" };

export function no(why: string): Probe {
  return { state: "no", why };
}

export function unknown(why: string): Probe {
  return { state: "unknown", why };
}

const words: Readonly<Record<string, string>> = {
  ENOSYS: "the kernel does not have this call, or a system call filter hides it",
  EPERM: "it is not permitted to this caller, or a security module forbids it",
  EACCES: "access was refused to this caller",
  EINVAL: "the kernel does not know this kind of request",
  EOPNOTSUPP: "it is built into the kernel but switched off",
  EBUSY: "this process is already under a listener of its own",
  EPROTONOSUPPORT: "the kernel was built without it",
};

/** Not ENOSYS, which a filter may return, too. */
const saidByKernel: ReadonlySet<string> = new Set(["EINVAL", "EPROTONOSUPPORT"]);

/** `what` failed with a raw call's negative error number. */
export function refused(what: string, result: number): Probe {
  const name = errnoName(-result);
  const meaning = words[name];
  const why = `${what}: ${name}${meaning === undefined ? "" : ` (${meaning})`}`;
  return saidByKernel.has(name) ? { state: "no", why, byKernel: true } : no(why);
}

/** A probe that fails to finish is `unknown`, with the reason. */
export function attempt(probe: () => Probe): Probe {
  try {
    return probe();
  } catch (error) {
    return unknown(error instanceof Error ? error.message : String(error));
  }
}
