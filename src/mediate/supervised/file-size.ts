import type { Call } from "../call.ts";
import { sys } from "../sys.ts";

const RLIMIT_FSIZE = 1;
const UNLIMITED = 0xffff_ffff_ffff_ffffn;
/** struct rlimit64 (prlimit(2)): soft, hard. */
const limit = Buffer.alloc(16);

/** The target may make no file that long (RLIMIT_FSIZE, getrlimit(2)); the mediator's own limit is another. SIGXFSZ is not sent. */
export function beyondFileSize(call: Call, length: bigint): boolean {
  if (length <= 0n) return false;
  if (sys("prlimit64", call.target.credentials.tgid, RLIMIT_FSIZE, null, limit) < 0) return true;
  const soft = limit.readBigUInt64LE(0);
  return soft !== UNLIMITED && length > soft;
}
