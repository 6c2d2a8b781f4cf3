import { abi } from "./abi.ts";
import { type Credentials, readCredentials } from "./credentials.ts";
import { GROUPS_MAX } from "./limits.ts";
import { sys } from "./sys.ts";

/** The mediator cannot take the target's identity: the call is refused. */
export class CannotImpersonate extends Error {}

/** The mediator cannot become itself again. Nothing may be decided after this: it exits, and the holder answers EIO. */
export class IdentityLost extends Error {}

/**
 * Runs operations with the target's file-system identity: fsuid, fsgid, groups, umask, and of the mediator's own capabilities only those
 * that the target has in effect. Set by raw system calls on this thread alone (credentials(7)); the real and saved ids stay, so that the target may not signal the mediator.
 */
export class Identity {
  readonly #own: Credentials = readCredentials("self");
  readonly #ownGroups = groupBytes(this.#own.groups);

  /** `euid` too, for calls whose peer is told the effective ids (connect on a unix socket). */
  as<T>(target: Credentials, what: { readonly effectiveIds: boolean }, operation: () => T): T {
    const own = this.#own;
    const caps = this.#capabilities(target.effective);
    const groups = sameNumbers(target.groups, own.groups) ? null : groupBytes(target.groups);
    try {
      if (groups !== null && sys("setgroups", target.groups.length, groups) < 0)
        throw new CannotImpersonate("setgroups");
      if (what.effectiveIds) this.#effective(target.effectiveUid, target.effectiveGid);
      setFs("setfsgid", target.fsgid, CannotImpersonate);
      setFs("setfsuid", target.fsuid, CannotImpersonate);
      if (sys("capset", header(), caps) < 0) throw new CannotImpersonate("capset");
      sys("umask", target.umask);
      return operation();
    } finally {
      if (sys("capset", header(), this.#capabilities(own.effective)) < 0) fatal("capset");
      if (what.effectiveIds) this.#restoreEffective();
      setFs("setfsuid", own.fsuid, IdentityLost);
      setFs("setfsgid", own.fsgid, IdentityLost);
      if (
        groups !== null &&
        sys("setgroups", own.groups.length, this.#ownGroups) < 0 &&
        !sameNumbers(readCredentials("self").groups, own.groups)
      )
        fatal("setgroups");
      // Going back to fsuid 0 raises file capabilities by itself; going back from one user to another does not.
      if (sys("capset", header(), this.#capabilities(own.effective)) < 0) fatal("capset");
      sys("umask", 0);
    }
  }

  #effective(uid: number, gid: number): void {
    if (sys("setresgid", -1, gid, -1) < 0) throw new CannotImpersonate("setresgid");
    if (sys("setresuid", -1, uid, -1) < 0) throw new CannotImpersonate("setresuid");
  }

  #restoreEffective(): void {
    if (sys("setresuid", -1, this.#own.effectiveUid, -1) < 0) fatal("setresuid");
    if (sys("setresgid", -1, this.#own.effectiveGid, -1) < 0) fatal("setresgid");
  }

  /** struct __user_cap_data_struct[2] (capget(2)): permitted as ever, effective limited to `mask`. */
  #capabilities(mask: bigint): Buffer {
    const effective = mask & this.#own.effective;
    const b = Buffer.alloc(24);
    b.writeUInt32LE(Number(effective & 0xffffffffn), 0);
    b.writeUInt32LE(Number(this.#own.permitted & 0xffffffffn), 4);
    b.writeUInt32LE(Number(effective >> 32n), 12);
    b.writeUInt32LE(Number(this.#own.permitted >> 32n), 16);
    return b;
  }
}

function header(): Buffer {
  const b = Buffer.alloc(8);
  b.writeUInt32LE(abi.LINUX_CAPABILITY_VERSION_3, 0);
  return b;
}

/** setfsuid(2) gives the previous id whether or not it worked: a second call with an impossible id reads the truth. */
function setFs(
  call: "setfsuid" | "setfsgid",
  id: number,
  failure: typeof CannotImpersonate | typeof IdentityLost,
): void {
  sys(call, id);
  if (sys(call, 0xffffffff) !== id) throw new failure(call);
}

function groupBytes(groups: readonly number[]): Buffer {
  if (groups.length > GROUPS_MAX) throw new CannotImpersonate("groups");
  const b = Buffer.alloc(4 * Math.max(groups.length, 1));
  for (const [index, group] of groups.entries()) b.writeUInt32LE(group, 4 * index);
  return b;
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function fatal(call: string): never {
  throw new IdentityLost(call);
}
