import { capabilityMask } from "../../kernel/capability-mask.ts";
import { CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH } from "../../kernel/constants.ts";
import { quick } from "../../kernel/quick.ts";
import { cannot } from "../answer/outcome.ts";
import { Settled } from "../answer/settled.ts";
import { CAPABILITY_SETS_KEPT_MAX, GROUPS_MAX } from "../limits.ts";
import { abi, E } from "../sys/abi.ts";
import { sys } from "../sys/sys.ts";
import { type Credentials, ownCredentials } from "./credentials.ts";

const OVERRIDES = capabilityMask(CAP_DAC_OVERRIDE) | capabilityMask(CAP_DAC_READ_SEARCH);

/**
 * The mediator cannot restore its own identity. It must decide nothing after this: it exits, and
 * the holder answers EIO.
 */
export class IdentityLost extends Error {}

/**
 * Runs operations with the target's file-system identity: fsuid, fsgid, groups, umask, and those of
 * the mediator's own effective capabilities that the target has in effect, too. It is set by raw
 * system calls on this thread alone (credentials(7)). Equal parts are not set.
 *
 * The real and saved ids stay the mediator's, so that the target may not signal it. The permitted
 * capabilities stay as well, because they restore the mediator's identity. Operations that the
 * kernel judges by any of these are done by an impersonator (`impersonator.ts`).
 */
export class Identity {
  readonly own: Credentials = ownCredentials();
  readonly #ownGroups = groupBytes(this.own.groups);
  /**
   * Whether the mediator's groups matter for what it opens. If it overrides all file modes they do
   * not, and it keeps the last target's groups for that target's next call.
   */
  readonly #groupsCount = (this.own.effective & OVERRIDES) !== OVERRIDES;
  #groups = this.own.groups;
  readonly #ownCapabilities = capabilities(this.own, this.own.effective);
  readonly #sets = new Map<bigint, Buffer>();
  /** The mediator keeps the last target's umask, because it makes no files of its own. */
  #umask = -1;
  #worn = this.own.effective;

  /**
   * `effectiveIds`: also takes the effective ids, for calls that tell a peer about them (connect on
   * a unix socket). They are not taken for all calls, because a process with the same effective id
   * may change the mediator's scheduling (sched_setscheduler(2)). `umask`: null if nothing is made.
   */
  as<T>(target: Credentials, effectiveIds: boolean, umask: number | null, operation: () => T): T {
    const { own } = this;
    const groups = sameNumbers(target.groups, this.#groups) ? null : groupBytes(target.groups);
    const ids = effectiveIds && !this.#hasEffective(target);
    const fs = target.fsuid !== own.fsuid || target.fsgid !== own.fsgid;
    const effective = target.effective & own.effective;
    const narrower = ids || fs || effective !== own.effective;
    try {
      if (groups !== null && sys("setgroups", target.groups.length, groups) < 0)
        notTaken("setgroups");
      this.#groups = target.groups;
      if (ids) this.#takeEffective(target);
      else if (fs) takeFs(target, notTaken);
      if (narrower && quick.capset(HEADER, this.#capabilities(effective)) < 0) notTaken("capset");
      if (umask !== null) this.#takeUmask(umask);
      this.#worn = effective;
      return operation();
    } finally {
      this.#worn = own.effective;
      if (ids) this.#restoreEffective();
      else if (fs) takeFs(own, lost);
      // Changes of ids raise and drop capabilities, so these are restored afterwards. setgroups
      // needs one of them.
      if ((narrower || groups !== null) && quick.capset(HEADER, this.#ownCapabilities) < 0)
        lost("capset");
      if (groups !== null && this.#groupsCount) this.#restoreGroups();
    }
  }

  #takeUmask(umask: number): void {
    if (umask !== this.#umask) sys("umask", umask);
    this.#umask = umask;
  }

  /**
   * Within {@link as}: also takes the target's effective ids. The kernel judges entries of
   * /proc/sys by them (sysctl_perm).
   */
  effectively<T>(target: Credentials, operation: () => T): T {
    if (this.#hasEffective(target)) return operation();
    const worn = this.#worn;
    if (quick.capset(HEADER, this.#ownCapabilities) < 0) notTaken("capset");
    try {
      this.#takeEffective(target);
      if (quick.capset(HEADER, this.#capabilities(worn)) < 0) notTaken("capset");
      return operation();
    } finally {
      this.#restoreEffective();
      if (quick.capset(HEADER, this.#ownCapabilities) < 0) lost("capset");
      takeFs(target, lost);
      if (quick.capset(HEADER, this.#capabilities(worn)) < 0) lost("capset");
    }
  }

  /** Within {@link as}: narrows the capabilities in effect to `allowed`. */
  narrowed<T>(allowed: bigint, operation: () => T): T {
    return this.#wearing(this.#worn & allowed, operation);
  }

  /** Within {@link as}: adds those of the mediator's own capabilities that are in `more`. */
  widened<T>(more: bigint, operation: () => T): T {
    return this.#wearing(this.#worn | (more & this.own.effective), operation);
  }

  #wearing<T>(effective: bigint, operation: () => T): T {
    const before = this.#worn;
    if (effective === before) return operation();
    if (quick.capset(HEADER, this.#capabilities(effective)) < 0) notTaken("capset");
    this.#worn = effective;
    try {
      return operation();
    } finally {
      this.#worn = before;
      if (quick.capset(HEADER, this.#capabilities(before)) < 0) lost("capset");
    }
  }

  #capabilities(effective: bigint): Buffer {
    const known = this.#sets.get(effective);
    if (known !== undefined) return known;
    const made = capabilities(this.own, effective);
    if (this.#sets.size >= CAPABILITY_SETS_KEPT_MAX) this.#sets.clear();
    this.#sets.set(effective, made);
    return made;
  }

  #hasEffective({ effectiveUid, effectiveGid }: Credentials): boolean {
    return effectiveUid === this.own.effectiveUid && effectiveGid === this.own.effectiveGid;
  }

  /** Capabilities are left as the kernel changes them. */
  #takeEffective(target: Credentials): void {
    if (sys("setresgid", -1, target.effectiveGid, -1) < 0) notTaken("setresgid");
    if (sys("setresuid", -1, target.effectiveUid, -1) < 0) notTaken("setresuid");
    // The file-system ids have followed the effective ones. To set others takes a capability, which
    // the change of the user id has dropped.
    if (target.fsuid === target.effectiveUid && target.fsgid === target.effectiveGid) return;
    if (quick.capset(HEADER, this.#ownCapabilities) < 0) notTaken("capset");
    takeFs(target, notTaken);
  }

  /** The file-system ids follow. */
  #restoreEffective(): void {
    if (sys("setresuid", -1, this.own.effectiveUid, -1) < 0) lost("setresuid");
    if (sys("setresgid", -1, this.own.effectiveGid, -1) < 0) lost("setresgid");
  }

  /** A mediator that may not set groups never changed them, so a failure then loses nothing. */
  #restoreGroups(): void {
    const { groups } = this.own;
    this.#groups = groups;
    if (
      sys("setgroups", groups.length, this.#ownGroups) < 0 &&
      !sameNumbers(ownCredentials().groups, groups)
    )
      lost("setgroups");
  }
}

/** struct __user_cap_header_struct (capget(2)). */
const HEADER = Buffer.alloc(8);
HEADER.writeUInt32LE(abi.LINUX_CAPABILITY_VERSION_3, 0);

/** The permitted set stays the mediator's. */
function capabilities(own: Credentials, effective: bigint): Buffer {
  const b = Buffer.alloc(24);
  b.writeUInt32LE(Number(effective & 0xffffffffn), 0);
  b.writeUInt32LE(Number(own.permitted & 0xffffffffn), 4);
  b.writeUInt32LE(Number(effective >> 32n), 12);
  b.writeUInt32LE(Number(own.permitted >> 32n), 16);
  return b;
}

function takeFs({ fsuid, fsgid }: Credentials, failed: (call: string) => never): void {
  setFs("setfsgid", fsgid, failed);
  setFs("setfsuid", fsuid, failed);
}

/**
 * setfsuid(2) returns the previous id whether or not it worked. A second call with an invalid id
 * tells the current one.
 */
function setFs(call: "setfsuid" | "setfsgid", id: number, failed: (call: string) => never): void {
  quick[call](id);
  if (quick[call](NO_ID) !== id) failed(call);
}

const NO_ID = 0xffffffff;

function groupBytes(groups: readonly number[]): Buffer {
  if (groups.length > GROUPS_MAX) notTaken("groups");
  const b = Buffer.alloc(4 * Math.max(groups.length, 1));
  for (const [index, group] of groups.entries()) b.writeUInt32LE(group, 4 * index);
  return b;
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

export function notTaken(call: string): never {
  throw new Settled(cannot(E.PERM, `identity cannot be taken: ${call}`));
}

function lost(call: string): never {
  throw new IdentityLost(call);
}
