import { AUDIT_LANDLOCK_ACCESS, AUDIT_LANDLOCK_DOMAIN, AUDIT_SYSCALL } from "../constants.ts";
import { type AuditRecord, integerField } from "./record.ts";

/** A denial: record 1423 (Documentation/admin-guide/LSM/landlock.rst of Linux 6.15). */
export interface Denial {
  readonly kind: "denial";
  /** The Landlock domain's id, in the kernel's hexadecimal. */
  readonly landlockDomain: string;
  /** E.g. `fs.read_file`, `net.connect_tcp`, `scope.signal`. */
  readonly blockers: readonly string[];
  /**
   * The directory for `fs.make_*`, `fs.remove_*` and `fs.refer`; the object for other `fs.`
   * blockers.
   */
  readonly path: string | null;
  readonly address: string | null;
  readonly port: number | null;
  /** The process that was to be signalled or traced. */
  readonly other: { readonly pid: number; readonly comm: string | null } | null;
}

/**
 * Record 1424: a domain is announced with its first denial, and its count reported when its last
 * process is gone.
 */
export type DomainStatus =
  | {
      readonly kind: "allocated";
      readonly landlockDomain: string;
      readonly pid: number | null;
      readonly uid: number | null;
      readonly comm: string | null;
      readonly executable: string | null;
    }
  | {
      readonly kind: "deallocated";
      readonly landlockDomain: string;
      readonly denials: number | null;
    };

/** Record 1300: the process that made the call of the other records with the same serial. */
export interface SyscallRecord {
  readonly kind: "syscall";
  readonly call: number | null;
  readonly pid: number | null;
  readonly uid: number | null;
  readonly comm: string | null;
  readonly executable: string | null;
}

export type LandlockRecord = Denial | DomainStatus | SyscallRecord;

/** null for records of other kinds, and for those without the necessary fields. */
export function readLandlockRecord(record: AuditRecord): LandlockRecord | null {
  if (record.type === AUDIT_SYSCALL)
    return { kind: "syscall", call: integerField(record, "syscall"), ...processOf(record) };
  const landlockDomain = record.fields.get("domain");
  if (landlockDomain === undefined) return null;
  if (record.type === AUDIT_LANDLOCK_ACCESS) return readDenial(record, landlockDomain);
  return record.type === AUDIT_LANDLOCK_DOMAIN ? readStatus(record, landlockDomain) : null;
}

function readDenial(record: AuditRecord, landlockDomain: string): Denial {
  const otherPid = integerField(record, "opid");
  return {
    kind: "denial",
    landlockDomain,
    blockers: (record.fields.get("blockers") ?? "").split(","),
    path: record.fields.get("path") ?? record.fields.get("name") ?? null,
    address: record.fields.get("daddr") ?? record.fields.get("saddr") ?? null,
    port: integerField(record, "dest") ?? integerField(record, "src"),
    other: otherPid === null ? null : { pid: otherPid, comm: record.fields.get("ocomm") ?? null },
  };
}

function readStatus(record: AuditRecord, landlockDomain: string): DomainStatus | null {
  const status = record.fields.get("status");
  if (status === "allocated") return { kind: "allocated", landlockDomain, ...processOf(record) };
  if (status !== "deallocated") return null;
  return { kind: "deallocated", landlockDomain, denials: integerField(record, "denials") };
}

function processOf(record: AuditRecord) {
  return {
    pid: integerField(record, "pid"),
    uid: integerField(record, "euid") ?? integerField(record, "uid"),
    comm: record.fields.get("comm") ?? null,
    executable: record.fields.get("exe") ?? null,
  };
}
