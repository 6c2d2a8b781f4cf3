import { timespec, timeval, utimbuf } from "../../../kernel/structs.ts";
import { error, type Outcome } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { c, self, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { attributes, type Judged, type Subject } from "./attributes.ts";
import { subjectAt } from "./subject.ts";

/**
 * utime, utimes, futimesat, utimensat. All become utimensat(2) with struct timespec[2], or NULL for
 * now.
 */
export const times: Handler = attributes((call) => {
  const values = timesOf(call);
  if (values === "invalid") return error(E.INVAL);
  return { subject: subjectOf(call), change: (object) => change(object, values) };
});

function subjectOf(call: Call): Subject | Outcome {
  switch (call.name) {
    case "utime":
    case "utimes":
      return { kind: "path", path: call.path(null, 0), follow: "always" };
    case "futimesat":
      return call.word(1) === 0n
        ? { kind: "number", number: call.int(0), open: true }
        : { kind: "path", path: call.path(0, 1), follow: "always" };
    default:
      return call.word(1) === 0n
        ? { kind: "number", number: call.int(0), open: true }
        : subjectAt(call, call.unsigned(3));
  }
}

function timesOf(call: Call): Buffer | null | "invalid" {
  const pointer = call.word(call.name === "utime" || call.name === "utimes" ? 1 : 2);
  if (pointer === 0n) return null;
  if (call.name === "utimensat") return call.target.memory.read(pointer, 2 * timespec.size);
  return call.name === "utime"
    ? fromSeconds(call.target.memory.read(pointer, utimbuf.size))
    : fromMicroseconds(call.target.memory.read(pointer, 2 * timeval.size));
}

/** struct utimbuf (utime(2)): two seconds. */
function fromSeconds(bytes: Buffer): Buffer {
  const { actime, modtime } = utimbuf.decode(bytes);
  return Buffer.concat([timespec.encode({ tv_sec: actime }), timespec.encode({ tv_sec: modtime })]);
}

/** struct timeval[2] (utimes(2)): seconds, and microseconds below a million. */
function fromMicroseconds(timevals: Buffer): Buffer | "invalid" {
  const times: Buffer[] = [];
  for (const at of [0, timeval.size]) {
    const { tv_sec, tv_usec } = timeval.decode(timevals, at);
    if (tv_usec < 0n || tv_usec >= 1_000_000n) return "invalid";
    times.push(timespec.encode({ tv_sec, tv_nsec: tv_usec * 1000n }));
  }
  return Buffer.concat(times);
}

function change(object: Judged, values: Buffer | null): number {
  if (object.stat.type === abi.S_IFLNK)
    return sys("utimensat", object.fd, c(""), values, abi.AT_EMPTY_PATH);
  return sys("utimensat", abi.AT_FDCWD, c(self(object.fd)), values, 0);
}
