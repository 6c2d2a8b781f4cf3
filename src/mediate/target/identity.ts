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
 * The mediator cannot become itself again. Nothing may be decided after this: it exits, and the
 * holder answers EIO.
 */
export class IdentityLost extends Error {}

/**
 * Runs operations with the target's file-system identity: fsuid, fsgid, groups, umask, and of the
 * mediator's own capabilities only those that the target has in effect. Set by raw system calls on
 * this thread alone (credentials(7)). The real and saved ids stay, so that the target may not
 * signal the mediator, and the permitted capabilities, since these are what it becomes itself again
 * by: what the kernel judges by any of them an impersonator does (`impersonator.ts`). What is the
 * same already is left alone.
 */
export class Identity {
  /** The mediator's, outside every operation. */
  readonly own: Credentials = ownCredentials();
  readonly #ownGroups = groupBytes(this.own.groups);
  /**
   * Of the mediator itself they open nothing that is closed to it where it overrides all modes:
   * then the last target's stay, for its next call.
   */
  readonly #groupsCount = (this.own.effective & OVERRIDES) !== OVERRIDES;
  #groups = this.own.groups;
  readonly #ownCapabilities = capabilities(this.own, this.own.effective);
  readonly #sets = new Map<bigint, Buffer>();
  /** Of the mediator itself, which makes no files of its own: the last target's. */
  #umask = -1;
  /** Capabilities in effect at the moment. */
  #worn = this.own.effective;

  /**
   * `effectiveIds` too, for calls whose peer is told them (connect on a unix socket). Not for all:
   * whoever has a process's effective id may change how it is scheduled (sched_setscheduler(2)).
   * `umask`: null where nothing is made.
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
      // Changes of ids raise and drop capabilities by themselves, so these come after them;
      // setgroups needs one.
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
   * Within {@link as}: with the target's effective ids beside those of the file system. The kernel
   * judges entries of /proc/sys by them (sysctl_perm).
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

  /** Within {@link as}: with no more than `allowed` of the capabilities in effect. */
  narrowed<T>(allowed: bigint, operation: () => T): T {
    return this.#wearing(this.#worn & allowed, operation);
  }

  /** Within {@link as}: with `more` of the mediator's own capabilities beside those in effect. */
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

  /** Bytes for capset, made once for the sets that come again. */
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

  /** And the ids of the file system. Leaves capabilities as the kernel makes them. */
  #takeEffective(target: Credentials): void {
    if (sys("setresgid", -1, target.effectiveGid, -1) < 0) notTaken("setresgid");
    if (sys("setresuid", -1, target.effectiveUid, -1) < 0) notTaken("setresuid");
    // Those of the file system have followed. Others take a capability that went with the user id.
    if (target.fsuid === target.effectiveUid && target.fsgid === target.effectiveGid) return;
    if (quick.capset(HEADER, this.#ownCapabilities) < 0) notTaken("capset");
    takeFs(target, notTaken);
  }

  /** And the ids of the file system. */
  #restoreEffective(): void {
    if (sys("setresuid", -1, this.own.effectiveUid, -1) < 0) lost("setresuid");
    if (sys("setresgid", -1, this.own.effectiveGid, -1) < 0) lost("setresgid");
  }

  /** A mediator that may not set groups never changed them either. */
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

/** struct __user_cap_data_struct[2] (capget(2)): permitted as ever. */
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
 * setfsuid(2) gives the previous id whether or not it worked: a second call with an impossible id
 * reads the truth.
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

/** The mediator cannot take the target's identity: the call is refused. */
export function notTaken(call: string): never {
  throw new Settled(cannot(E.PERM, `identity cannot be taken: ${call}`));
}

function lost(call: string): never {
  throw new IdentityLost(call);
}
