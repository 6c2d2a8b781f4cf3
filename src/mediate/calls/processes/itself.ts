import { capabilityMask } from "../../../kernel/capability-mask.ts";
import {
  CAP_DAC_OVERRIDE,
  CAP_DAC_READ_SEARCH,
  CAP_SYS_PTRACE,
} from "../../../kernel/constants.ts";
import type { Bytes } from "../../sys/sys.ts";
import type { Target } from "../../target/target.ts";

const WRITES = capabilityMask(CAP_DAC_OVERRIDE);
const SEARCHES = capabilityMask(CAP_DAC_READ_SEARCH);
const TRACES = capabilityMask(CAP_SYS_PTRACE);

/**
 * The capabilities that the mediator needs, acting as the target, for what the kernel allows every
 * process on its own /proc entries; 0 for any other name. A change of ids makes a process
 * undumpable and its entries root's. The process itself may still inspect them (ptrace(2), "Ptrace
 * access mode checking"), list its descriptors and rename its threads (proc_fd_permission,
 * proc_tid_comm_permission). The mediator with the same ids is another process to the kernel.
 */
export function neededForOneself(target: Target, name: Bytes): bigint {
  const own = `/proc/${target.credentials.tgid}`;
  if (name !== own && !name.startsWith(`${own}/`)) return 0n;
  if (name.endsWith("/fd")) return TRACES | SEARCHES;
  return /^\/task\/\d+\/comm$/.test(name.slice(own.length)) ? TRACES | WRITES : TRACES;
}

function ownFolders({ tid, credentials }: Target): readonly Bytes[] {
  return [`/proc/${credentials.tgid}`, `/proc/${credentials.tgid}/task/${tid}`];
}

export function isOwnTable(target: Target, directory: Bytes | number): boolean {
  return ownFolders(target).some((own) => directory === `${own}/fd`);
}

/** Links in a process's /proc folder that lead to files. */
const OWN_LINKS: ReadonlySet<Bytes> = new Set(["exe", "cwd", "root"]);

/** Whether a magic link leads to an object of the target's own. */
export function leadsToOwn(target: Target, directory: Bytes | number, link: Bytes): boolean {
  if (isOwnTable(target, directory)) return true;
  return (
    typeof directory === "string" && ownFolders(target).includes(directory) && OWN_LINKS.has(link)
  );
}

/**
 * A link's text as the target would see it: `self` and `thread-self` depend on the reader. null for
 * a magic link.
 */
export function asOwnName({ tid, credentials }: Target, link: Bytes, text: Bytes): Bytes | null {
  if (link === "self" && /^\d+$/.test(text)) return String(credentials.tgid);
  if (link === "thread-self" && /^\d+\/task\/\d+$/.test(text))
    return `${credentials.tgid}/task/${tid}`;
  return /^[A-Za-z_.][\w./-]*$/.test(text) ? text : null;
}

export function ownerOf(directory: Bytes | number): { readonly process?: number } {
  const owner = typeof directory === "string" ? /^\/proc\/(\d+)/.exec(directory)?.[1] : undefined;
  return owner === undefined ? {} : { process: Number(owner) };
}
