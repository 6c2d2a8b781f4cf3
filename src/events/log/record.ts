import { createHash } from "node:crypto";
import { printableJson } from "../../base/printable.ts";
import { jsonOf } from "../../base/read-json.ts";
import type { Event } from "../event.ts";
import { isEvent } from "../event-shape.ts";

/**
 * One line of the log: the event's own members, then `seq`, `prev` and `hash`. `hash` is SHA-256 in
 * hexadecimal over `prev` (as its 64 characters) and the line's bytes up to the comma before
 * `"prev"`; `prev` is the hash of the record before it. The hash reveals accidental changes, and
 * changes by a writer who cannot rewrite all later records, too. It is no signature.
 */
export interface LogRecord {
  readonly event: LoggedEvent;
  /** From 1, over all files of the log. */
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
}

/** For programs. */
export type ChainNote =
  /** The file did not end with the previous record; `why` tells what was there instead. */
  | { readonly kind: "resumed"; readonly why: "torn" | "altered" | "truncated" | "missing" }
  /** The oldest file was removed to make room: its records, and the hash of its last one. */
  | {
      readonly kind: "removed";
      readonly first: number;
      readonly last: number;
      readonly hash: string;
    };

export type LoggedEvent = Event & { readonly chain?: ChainNote };

/** What the next record continues. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: string;
}

/** Before the first record. */
export const genesis: ChainEnd = { seq: 0, hash: "0".repeat(64) };

const tail = /,"prev":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}$/;
const TAIL_LENGTH = ',"prev":"","hash":""}'.length + 2 * 64;

/** The line, with its newline, and the chain's new end. */
export function encodeRecord(
  event: LoggedEvent,
  before: ChainEnd,
): { readonly line: string; readonly end: ChainEnd } {
  const seq = before.seq + 1;
  const body = `${printableJson(JSON.stringify(event)).slice(0, -1)},"seq":${seq}`;
  const hash = hashOf(before.hash, body);
  return { line: `${body},"prev":"${before.hash}","hash":"${hash}"}\n`, end: { seq, hash } };
}

/** A line without its newline; null if it is no record. {@link isSound} checks its hash. */
export function parseRecord(line: string): LogRecord | null {
  const match = tail.exec(line);
  if (match === null) return null;
  const [, prev = "", hash = ""] = match;
  const value = jsonOf(line);
  if (!isRecord(value)) return null;
  const { seq, prev: _, hash: __, ...event } = value;
  return { event, seq, prev, hash };
}

/** `hash` matches `prev` and the line's bytes. */
export function isSound({ prev, hash }: LogRecord, line: string): boolean {
  return hashOf(prev, line.slice(0, -TAIL_LENGTH)) === hash;
}

function hashOf(prev: string, body: string): string {
  return createHash("sha256").update(prev).update(body).digest("hex");
}

/** It must be an event of this version or a newer one. */
function isRecord(
  value: unknown,
): value is LoggedEvent & { seq: number; prev: string; hash: string } {
  return isEvent(value) && "seq" in value && Number.isSafeInteger(value.seq);
}
