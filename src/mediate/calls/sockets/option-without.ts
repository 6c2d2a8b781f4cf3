import { readFileSync } from "node:fs";
import type { CapabilityOptions } from "../../../kernel/capability-requests.ts";
import { withoutCapability } from "../../../kinds/capabilities/mediate.ts";
import { CONTINUE, error, type Outcome, type Refused } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { socketOf } from "./socket.ts";

const INT_BYTES = 4;
const ALLOWED = "/proc/sys/net/ipv4/tcp_allowed_congestion_control";

/**
 * setsockopt of an option of which some values take a capability, by a target with a capability
 * that the policy does not grant. The value lies in memory, which may change before the kernel
 * reads it. So the mediator sets a copy with only granted capabilities in effect (`Call.effect`),
 * and the kernel answers as to a process without the others.
 */
export function setWithout(call: Call, row: CapabilityOptions, refused: Refused): Outcome {
  const length = call.int(4);
  if (length < 0) return error(E.INVAL);
  const value = call.target.memory.read(call.word(3), Math.min(length, row.bytes ?? INT_BYTES));
  if (call.rehearses) return isFree(row.free, value) ? CONTINUE : refused;
  const socket = socketOf(call, 0);
  if (typeof socket === "number") return error(errnoOf(socket));
  const set = call.asTarget(() =>
    call.effect(() => sys("setsockopt", socket.fd, call.int(1), call.int(2), value, value.length)),
  );
  return withoutCapability(refused, set);
}

function isFree(free: CapabilityOptions["free"], value: Buffer): boolean {
  if (free === undefined) return true;
  if (free === "allowed congestion control") {
    const [name = ""] = value.toString("latin1").split("\0");
    return readFileSync(ALLOWED, "latin1").split(/\s/).includes(name);
  }
  if (value.length < INT_BYTES) return true;
  const number = value.readInt32LE(0);
  return number >= free.from && number <= free.to;
}
