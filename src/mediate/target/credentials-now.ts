import {
  _LINUX_CAPABILITY_VERSION_3,
  ENOTTY,
  PIDFD_GET_INFO,
  PIDFD_INFO_CREDS,
} from "../../kernel/constants.ts";
import { quick } from "../../kernel/quick.ts";
import { capUserData, capUserHeader, pidfdInfo } from "../../kernel/structs.ts";
import type { Credentials } from "./credentials.ts";

/** Real, effective, saved and file-system ids, each of user and group; capabilities. */
const ID_WORDS = 8;
const CAPABILITY_WORDS = 6;

/** What {@link readNow} found last, in the kernel's words: ids, then capabilities. */
const found = new Uint32Array(ID_WORDS + CAPABILITY_WORDS);

const info = pidfdInfo.alloc();
const infoWords = wordsOf(info);
const FIRST_ID = pidfdInfo.offset.ruid / 4;
const PROCESS = pidfdInfo.offset.tgid / 4;
const header = capUserHeader.encode({ version: _LINUX_CAPABILITY_VERSION_3 });
/** struct __user_cap_data_struct[2]: the low and the high half of each set. */
const sets = Buffer.from(new ArrayBuffer(2 * capUserData.size));
const setWords = wordsOf(sets);
const EFFECTIVE = ID_WORDS + capUserData.offset.effective / 4;
const PERMITTED = ID_WORDS + capUserData.offset.permitted / 4;
const HIGH = capUserData.size / 4;

/** Whether this kernel reports a thread's ids by pidfd (6.13). */
let tells = true;

export function tellsByPidfd(): boolean {
  return tells;
}

/**
 * Reads a thread's ids and capabilities by system calls, which cost a fifth of reading its status.
 * Returns false if the thread is gone or the kernel does not tell.
 *
 * capget(2) goes by the thread's number, the ioctl by its pidfd. The pidfd is asked last: if that
 * succeeds, the thread still lives, and the number was its own before.
 */
export function readNow(tid: number, pidfd: number): boolean {
  header.writeInt32LE(tid, capUserHeader.offset.pid);
  if (quick.capget(header, sets) < 0) return false;
  info.writeUInt32LE(PIDFD_INFO_CREDS, pidfdInfo.offset.mask);
  const failed = quick.ioctl(pidfd, PIDFD_GET_INFO, info);
  if (failed === -ENOTTY) tells = false;
  if (failed < 0) return false;
  for (let word = 0; word < ID_WORDS; word++) found[word] = infoWords[FIRST_ID + word] ?? 0;
  for (let word = 0; word < CAPABILITY_WORDS; word++) found[ID_WORDS + word] = setWords[word] ?? 0;
  return true;
}

export function isAsBefore(before: Uint32Array): boolean {
  for (let word = 0; word < found.length; word++) if (found[word] !== before[word]) return false;
  return true;
}

export function copyOfNow(): Uint32Array {
  return found.slice();
}

type Lasting = Pick<
  Credentials,
  "tgid" | "numbers" | "ownTgid" | "ownTid" | "sharesPidNamespace" | "groups"
>;

/**
 * `known` with the ids and capabilities that {@link readNow} found last. Each property is written
 * out, because V8 takes longer to spread several objects into one than to ask the kernel.
 */
export function withNow(known: Lasting): Credentials {
  return {
    tgid: known.tgid,
    numbers: known.numbers,
    ownTgid: known.ownTgid,
    ownTid: known.ownTid,
    sharesPidNamespace: known.sharesPidNamespace,
    uid: found[0] ?? 0,
    gid: found[1] ?? 0,
    effectiveUid: found[2] ?? 0,
    effectiveGid: found[3] ?? 0,
    savedUid: found[4] ?? 0,
    savedGid: found[5] ?? 0,
    fsuid: found[6] ?? 0,
    fsgid: found[7] ?? 0,
    groups: known.groups,
    effective: setAt(EFFECTIVE),
    permitted: setAt(PERMITTED),
  };
}

function setAt(word: number): bigint {
  return BigInt(found[word] ?? 0) | (BigInt(found[word + HIGH] ?? 0) << 32n);
}

/**
 * Credentials of the thread that {@link readNow} read last, for a thread that is known to have
 * these supplementary groups and to be in this process's pid namespace.
 */
export function bornNow(tid: number, groups: Credentials["groups"]): Credentials {
  const tgid = infoWords[PROCESS] ?? 0;
  const numbers = { process: [tgid], thread: [tid] };
  const lasting = { tgid, numbers, ownTgid: tgid, ownTid: tid, sharesPidNamespace: true, groups };
  return withNow(lasting);
}

function wordsOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}
