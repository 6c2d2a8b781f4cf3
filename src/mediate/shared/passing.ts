import { readJson } from "../../base/read-json.ts";
import * as is from "../../base/schema.ts";
import { receive } from "../../kernel/receive.ts";
import { sendDescriptors } from "../../kernel/send-descriptors.ts";
import type { Handed } from "../domain/handed.ts";
import { close } from "../sys/sys.ts";

/**
 * Names the protocol between an active mediator and its stand-by. An upgrade can replace the
 * program while the active mediator runs, so a stand-by of another version must be recognised.
 */
const PROTOCOL = "cofferdam-stand-by-3";
/** Limit on a message, bytes. */
const MESSAGE_BYTES_MAX = 256;
/** Listener, slots, plan, the pipe of `--events`, the connection, and two namespaces. */
const DESCRIPTORS = 7;

/** With a copy of each descriptor that serving the domain takes. */
export interface PassedDomain {
  readonly number: number;
  readonly handed: Handed;
  /** null once the holder has ended. */
  readonly connection: number | null;
}

export type Passed =
  | { readonly kind: "domain"; readonly domain: PassedDomain }
  | { readonly kind: "ended"; readonly number: number }
  /**
   * Every served domain has been passed. From now on a new domain is passed before it is served.
   */
  | { readonly kind: "complete" }
  | { readonly kind: "nothing" }
  | { readonly kind: "over" }
  | { readonly kind: "strange" };

export function passDomain(socket: number, { number, handed, connection }: PassedDomain): boolean {
  const { listener, slots, plan, events, mounts, users, holder } = handed;
  const optional = [events, connection, mounts, users].map((fd) => fd ?? slots);
  const descriptors = [listener, slots, plan, ...optional];
  const without = {
    events: events === null,
    connection: connection === null,
    mounts: mounts === null,
    users: users === null,
  };
  const who = holder === null ? {} : { holder: { depth: holder.depth, pid: holder.pid } };
  return say(socket, { kind: "domain", number, without, ...who }, descriptors);
}

export function passEnd(socket: number, number: number): boolean {
  return say(socket, { kind: "ended", number }, []);
}

export function passComplete(socket: number): boolean {
  return say(socket, { kind: "complete", number: 0 }, []);
}

/** Says that the stand-by runs, and its version. */
export function greet(socket: number): boolean {
  return say(socket, { kind: "ready", number: 0 }, []);
}

/** null while the stand-by has said nothing. */
export function hearGreeting(socket: number): boolean | null {
  const heard = hear(socket);
  return heard === "nothing" ? null : typeof heard === "object" && heard.kind === "ready";
}

export function receivePassed(socket: number): Passed {
  const heard = hear(socket);
  if (typeof heard === "string") return { kind: heard };
  const { kind, number, descriptors, without, holder: who } = heard;
  if (kind === "ended") return { kind, number };
  if (kind === "complete") return { kind };
  const [listener = -1, slots = -1, plan = -1, ...optional] = descriptors;
  const [events = -1, connection = -1, mounts = -1, users = -1] = optional;
  if (descriptors.length !== DESCRIPTORS) {
    for (const fd of descriptors) close(fd);
    return { kind: "strange" };
  }
  const orNone = (fd: number, isNone: boolean | undefined): number | null => {
    if (isNone) close(fd);
    return isNone ? null : fd;
  };
  const toHolder = orNone(connection, without?.connection);
  const holder = toHolder === null || who === undefined ? null : { ...who, bell: toHolder };
  const handed = {
    ...{ listener, slots, plan, holder },
    events: orNone(events, without?.events),
    mounts: orNone(mounts, without?.mounts),
    users: orNone(users, without?.users),
  };
  return { kind: "domain", domain: { number, handed, connection: toHolder } };
}

const said = is.object({
  protocol: is.oneOf(PROTOCOL),
  kind: is.oneOf("domain", "ended", "complete", "ready"),
  number: is.number,
  /** Descriptors of a domain that only fill a place. */
  without: is.optional(
    is.object({
      ...{ events: is.boolean, connection: is.boolean },
      ...{ mounts: is.boolean, users: is.boolean },
    }),
  ),
  /** Not readable from the descriptors of a renewed connection. */
  holder: is.optional(is.object({ depth: is.whole(), pid: is.whole() })),
});

type Said = is.Described<typeof said>;

function say(
  socket: number,
  what: Omit<Said, "protocol">,
  descriptors: readonly number[],
): boolean {
  const text = JSON.stringify({ protocol: PROTOCOL, ...what });
  return sendDescriptors(socket, Buffer.from(text), descriptors);
}

function hear(
  socket: number,
): (Said & { readonly descriptors: readonly number[] }) | "nothing" | "over" | "strange" {
  const received = receive(socket, MESSAGE_BYTES_MAX, DESCRIPTORS);
  if (received.kind === "nothing") return "nothing";
  if (received.kind === "error") return "over";
  const { bytes, descriptors, strange } = received;
  if (bytes.length === 0) return "over";
  const parsed = strange ? null : parse(bytes.toString("utf8"));
  if (parsed !== null) return { ...parsed, descriptors };
  for (const fd of descriptors) close(fd);
  return "strange";
}

function parse(text: string): Said | null {
  const read = readJson(said, text);
  return read.state === "good" ? read.value : null;
}
