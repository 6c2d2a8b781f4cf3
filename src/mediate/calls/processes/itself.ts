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
 * What the mediator needs to do as the target what the kernel lets every process do with its own
 * entries in /proc, or 0 where the name is none of them. A change of its ids makes a process
 * undumpable and its entries root's; still it looks into itself (ptrace(2), "Ptrace access mode
 * checking"), lists its own descriptors and renames its threads (proc_fd_permission,
 * proc_tid_comm_permission). The mediator with the same ids is somebody else.
 */
export function neededForOneself(target: Target, name: Bytes): bigint {
  const own = `/proc/${target.credentials.tgid}`;
  if (name !== own && !name.startsWith(`${own}/`)) return 0n;
  if (name.endsWith("/fd")) return TRACES | SEARCHES;
  return /^\/task\/\d+\/comm$/.test(name.slice(own.length)) ? TRACES | WRITES : TRACES;
}

/** Of the target's process and of the thread that asks. */
function ownFolders({ tid, credentials }: Target): readonly Bytes[] {
  return [`/proc/${credentials.tgid}`, `/proc/${credentials.tgid}/task/${tid}`];
}

/** The directory has the target's own descriptors. */
export function isOwnTable(target: Target, directory: Bytes | number): boolean {
  return ownFolders(target).some((own) => directory === `${own}/fd`);
}

/** Links of a process's folder on procfs that lead to files. */
const OWN_LINKS: ReadonlySet<Bytes> = new Set(["exe", "cwd", "root"]);

/** A link of procfs that jumps leads to something of the target's own. */
export function leadsToOwn(target: Target, directory: Bytes | number, link: Bytes): boolean {
  if (isOwnTable(target, directory)) return true;
  return (
    typeof directory === "string" && ownFolders(target).includes(directory) && OWN_LINKS.has(link)
  );
}

/**
 * A link's text as the target would find it: `self` and `thread-self` mean the reader. null for one
 * that jumps.
 */
export function asOwnName({ tid, credentials }: Target, link: Bytes, text: Bytes): Bytes | null {
  if (link === "self" && /^\d+$/.test(text)) return String(credentials.tgid);
  if (link === "thread-self" && /^\d+\/task\/\d+$/.test(text))
    return `${credentials.tgid}/task/${tid}`;
  return /^[A-Za-z_.][\w./-]*$/.test(text) ? text : null;
}

/** Whose folder of procfs it is. */
export function ownerOf(directory: Bytes | number): { readonly process?: number } {
  const owner = typeof directory === "string" ? /^\/proc\/(\d+)/.exec(directory)?.[1] : undefined;
  return owner === undefined ? {} : { process: Number(owner) };
}
