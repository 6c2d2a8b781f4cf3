import { fstatSync, readlinkSync } from "node:fs";
import { F_GET_SEALS, F_SEAL_GROW, F_SEAL_SHRINK } from "../../kernel/constants.ts";
import { receive } from "../../kernel/receive.ts";
import { handOverGreetings } from "../../plan/mediator-places.ts";
import { EXECS_OFFSET, SLOTS_BYTES } from "../../plan/slots.ts";
import { type Handed, OWN_NAMESPACES } from "../domain/handed.ts";
import { close, sys } from "../sys/sys.ts";

const HOLDS = Buffer.from(handOverGreetings.holds);
const ASKS = Buffer.from(handOverGreetings.asks);
/** Listener, slots, plan and, with `--events`, a pipe. */
const DESCRIPTORS = { least: 3, most: 4 } as const;
/** With and without the part for executions. */
const SIZES_OF_SLOTS: readonly number[] = [SLOTS_BYTES, EXECS_OFFSET];

export type Arrived =
  | { readonly kind: "handed"; readonly handed: Handed }
  | { readonly kind: "asked"; readonly plan: number }
  | { readonly kind: "nothing" }
  /** Its descriptors are closed. */
  | { readonly kind: "wrong"; readonly why: string };

export function receiveHandOver(connection: number): Arrived {
  const received = receive(connection, 2 * HOLDS.length, DESCRIPTORS.most);
  if (received.kind === "nothing") return { kind: "nothing" };
  if (received.kind === "error") return { kind: "wrong", why: `error ${received.errno}` };
  const { bytes, descriptors, strange } = received;
  const [first = -1, ...more] = descriptors;
  const isQuestion = !strange && bytes.equals(ASKS) && more.length === 0;
  if (isQuestion && isFile(first)) return { kind: "asked", plan: first };
  const why =
    bytes.length === 0
      ? "it has hung up"
      : strange || !bytes.equals(HOLDS)
        ? "no message of a holder"
        : problemIn(descriptors);
  if (why === null) return { kind: "handed", handed: named(descriptors) };
  for (const fd of descriptors) close(fd);
  return { kind: "wrong", why };
}

function isFile(fd: number): boolean {
  return fd >= 0 && fstatSync(fd).isFile();
}

function named([listener = -1, slots = -1, plan = -1, events]: readonly number[]): Handed {
  return { listener, slots, plan, events: events ?? null, ...OWN_NAMESPACES, holder: null };
}

function problemIn(descriptors: readonly number[]): string | null {
  try {
    return problemOf(descriptors);
  } catch (cause) {
    return (cause as Error).message;
  }
}

/**
 * The slots are mapped, so they must be sealed: touching them after they shrink would kill this
 * process.
 */
function problemOf(descriptors: readonly number[]): string | null {
  if (descriptors.length < DESCRIPTORS.least || descriptors.length > DESCRIPTORS.most)
    return `${descriptors.length} descriptors`;
  const { listener, slots, plan, events } = named(descriptors);
  if (readlinkSync(`/proc/self/fd/${listener}`) !== "anon_inode:seccomp notify")
    return "no listener of a filter";
  if (!isFixed(slots) || !SIZES_OF_SLOTS.includes(fstatSync(slots).size))
    return "no memory of slots";
  if (!fstatSync(plan).isFile()) return "no plan";
  return events === null || fstatSync(events).isFIFO() ? null : "no pipe for events";
}

function isFixed(fd: number): boolean {
  const seals = sys("fcntl", fd, F_GET_SEALS, 0);
  return seals >= 0 && (seals & (F_SEAL_GROW | F_SEAL_SHRINK)) === (F_SEAL_GROW | F_SEAL_SHRINK);
}
