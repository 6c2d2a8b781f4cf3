import { auditKind } from "../audit-catalogue.ts";
import type { Event } from "../event.ts";
import { renderEvent } from "../render.ts";
import type { Item } from "./item.ts";

/** syslog(3): 3 error, 4 warning, 5 notice. */
const priorities: Readonly<Record<Event["verdict"], number>> = {
  denied: 4,
  warning: 4,
  noted: 5,
  failed: 3,
  audit: 5,
};
const WIDTH_UNBROKEN = Number.POSITIVE_INFINITY;

/** Unknown fields are left out. `COFFERDAM_HASH` keeps the chain of the log in a second place. */
export function journalFields({ event, seq, hash }: Item): ReadonlyMap<string, string> {
  const { process, allow, by, supershell } = event;
  const kind = auditKind(event);
  const fields: Readonly<Record<string, string | number | null | undefined>> = {
    MESSAGE: renderEvent({ ...event, allow: null }, { width: WIDTH_UNBROKEN }),
    PRIORITY: kind?.severity === "warning" ? 4 : priorities[event.verdict],
    SYSLOG_IDENTIFIER: "cofferdam",
    COFFERDAM_ID: event.id,
    COFFERDAM_SEQ: seq,
    COFFERDAM_HASH: hash,
    COFFERDAM_TIME: event.time,
    COFFERDAM_FIRST: event.first,
    COFFERDAM_COUNT: event.count,
    COFFERDAM_DOMAIN: event.domain,
    COFFERDAM_NUMBER: event.number,
    COFFERDAM_LEVEL: event.level,
    COFFERDAM_SOURCE: event.source,
    COFFERDAM_VERDICT: event.verdict,
    COFFERDAM_CLASS: event.class,
    COFFERDAM_OPERATION: event.operation,
    COFFERDAM_OBJECT: event.object,
    COFFERDAM_RULE: event.rule,
    COFFERDAM_REASON: event.reason,
    COFFERDAM_ALLOW: allow === null ? null : `${allow.section}: - ${allow.line}`,
    COFFERDAM_PID: process.pid,
    COFFERDAM_UID: process.uid,
    COFFERDAM_COMM: process.comm,
    COFFERDAM_EXE: process.executable,
    COFFERDAM_AUDIT: kind?.name,
    COFFERDAM_ESX_EVENT: kind?.event,
    COFFERDAM_BY_UID: by?.uid,
    COFFERDAM_BY_NAME: by?.name,
    COFFERDAM_PHASE: supershell?.phase,
    COFFERDAM_TERMINAL: supershell?.terminal,
    COFFERDAM_ORIGIN: supershell?.origin,
    COFFERDAM_GIVEN_REASON: supershell?.reason,
    COFFERDAM_WHY: supershell?.why,
    COFFERDAM_STATUS: supershell?.status,
  };
  return new Map(
    Object.entries(fields).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [[name, String(value)]],
    ),
  );
}

/**
 * journald's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): `NAME=value` and a newline each.
 * A value that contains a newline follows its name's line as length (64 bits, little-endian),
 * bytes, newline.
 */
export function encodeEntry(fields: ReadonlyMap<string, string>): Buffer {
  const pieces: Buffer[] = [];
  for (const [name, value] of fields) {
    if (!value.includes("\n")) {
      pieces.push(Buffer.from(`${name}=${value}\n`));
      continue;
    }
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes.length));
    pieces.push(Buffer.from(`${name}\n`), length, bytes, Buffer.from("\n"));
  }
  return Buffer.concat(pieces);
}
