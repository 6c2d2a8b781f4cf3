import { nameOfBytes } from "../../model/name-bytes.ts";

/** One audit record as the kernel multicasts it: `audit(SECONDS.MS:SERIAL): KEY=VALUE ...`. */
export interface AuditRecord {
  /** AUDIT_LANDLOCK_ACCESS, AUDIT_SYSCALL, ... */
  readonly type: number;
  /** Shared by the records of one event. */
  readonly serial: number;
  /** Wall clock, milliseconds since 1970. */
  readonly time: number;
  /** Decoded values, without quotes and hex encoding. Of a repeated key the first value counts. */
  readonly fields: ReadonlyMap<string, string>;
}

/**
 * Keys whose values an attacker may choose: quoted, or upper-case hex if they contain a blank, a
 * quote or worse (audit_log_untrustedstring).
 */
const untrusted = new Set(["path", "name", "comm", "ocomm", "exe", "dev", "cwd", "proctitle"]);
const head = /^audit\((\d+)\.(\d+):(\d+)\): ?/;
const field = /([A-Za-z][\w-]*)=("[^"]*"|\S*)/g;

/** null for a text that is no audit record. */
export function parseRecord(type: number, text: string): AuditRecord | null {
  const match = head.exec(text);
  if (match === null) return null;
  const fields = new Map<string, string>();
  for (const [, key = "", value = ""] of text.slice(match[0].length).matchAll(field)) {
    if (!fields.has(key)) fields.set(key, decodeValue(key, value));
  }
  return {
    type,
    serial: Number(match[3]),
    time: Number(match[1]) * 1_000 + Number(match[2]),
    fields,
  };
}

function decodeValue(key: string, value: string): string {
  if (value.startsWith('"')) return value.slice(1, -1);
  if (untrusted.has(key) && value.length % 2 === 0 && /^[0-9A-F]+$/.test(value))
    return nameOfBytes(Buffer.from(value, "hex"));
  return value;
}

export function integerField(record: AuditRecord, key: string): number | null {
  const value = record.fields.get(key);
  return value !== undefined && /^-?\d+$/.test(value) ? Number(value) : null;
}
