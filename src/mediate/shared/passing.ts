import { receive } from "../../kernel/receive.ts";
import { sendDescriptors } from "../../kernel/send-descriptors.ts";
import type { Handed } from "../domain/handed.ts";
import { close } from "../sys/sys.ts";
import { withHolder } from "./holder-link.ts";

/**
 * What an active mediator tells its stand-by over their socket pair. A stand-by of another version,
 * which an upgrade has put where the active one finds its program, says so by its protocol.
 */
const PROTOCOL = "cofferdam-stand-by-1";
/** Bytes of a message. */
const MESSAGE_BYTES_MAX = 256;
/** Listener, slots, plan, connection and the pipe of `--events`. */
const DESCRIPTORS_MAX = 5;

/** A domain that is served, as a copy of everything that serving it takes. */
export interface PassedDomain {
  /** {@link DomainLoop.number}. */
  readonly number: number;
  readonly handed: Handed;
  /** To its holder. */
  readonly connection: number;
}

export type Passed =
  | { readonly kind: "domain"; readonly domain: PassedDomain }
  /** Its last process is gone. */
  | { readonly kind: "ended"; readonly number: number }
  | { readonly kind: "nothing" }
  /** The other end is closed, or speaks another protocol. */
  | { readonly kind: "over" };

/** False where it cannot be sent. */
export function passDomain(socket: number, { number, handed, connection }: PassedDomain): boolean {
  const { listener, slots, plan, events } = handed;
  const descriptors = [listener, slots, plan, connection, ...(events === null ? [] : [events])];
  return say(socket, { kind: "domain", number }, descriptors);
}

export function passEnd(socket: number, number: number): boolean {
  return say(socket, { kind: "ended", number }, []);
}

/** What a stand-by says first: it is there, and of this version. */
export function greet(socket: number): boolean {
  return say(socket, { kind: "ready", number: 0 }, []);
}

/** Whether the stand-by has greeted; null while it has said nothing. */
export function hearGreeting(socket: number): boolean | null {
  const heard = hear(socket);
  return heard === "nothing" ? null : heard !== "over" && heard.kind === "ready";
}

export function receivePassed(socket: number): Passed {
  const heard = hear(socket);
  if (heard === "nothing" || heard === "over") return { kind: heard };
  const { kind, number, descriptors } = heard;
  if (kind === "ended") return { kind: "ended", number };
  const [listener, slots, plan, connection, events] = descriptors;
  if (
    listener === undefined ||
    slots === undefined ||
    plan === undefined ||
    connection === undefined
  ) {
    for (const fd of descriptors) close(fd);
    return { kind: "over" };
  }
  const arrived = { listener, slots, plan, events: events ?? null, holder: null };
  const handed = withHolder(arrived, connection);
  return { kind: "domain", domain: { number, handed, connection } };
}

interface Said {
  readonly kind: "domain" | "ended" | "ready";
  readonly number: number;
}

function say(socket: number, said: Said, descriptors: readonly number[]): boolean {
  const text = JSON.stringify({ protocol: PROTOCOL, ...said });
  return sendDescriptors(socket, Buffer.from(text), descriptors);
}

function hear(
  socket: number,
): (Said & { readonly descriptors: readonly number[] }) | "nothing" | "over" {
  const received = receive(socket, MESSAGE_BYTES_MAX, DESCRIPTORS_MAX);
  if (received.kind === "nothing") return "nothing";
  if (received.kind === "error") return "over";
  const { bytes, descriptors, strange } = received;
  const said = strange || bytes.length === 0 ? null : parse(bytes.toString("utf8"));
  if (said !== null) return { ...said, descriptors };
  for (const fd of descriptors) close(fd);
  return "over";
}

function parse(text: string): Said | null {
  const { protocol, kind, number } = JSON.parse(text) as Partial<Said & { protocol: string }>;
  if (protocol !== PROTOCOL || typeof number !== "number") return null;
  return kind === "domain" || kind === "ended" || kind === "ready" ? { kind, number } : null;
}
