import { readAuditState } from "../../kernel/audit/control.ts";
import { type AuditLease, leaseAuditing } from "../../kernel/audit/lease.ts";
import { AuditReader } from "../../kernel/audit/reader.ts";
import type { AuditRecord } from "../../kernel/audit/record.ts";
import { POLLIN } from "../../kernel/constants.ts";
import { close, ErrnoError, pollReady, syscall, write } from "../../kernel/ffi.ts";
import { AUDIT_BACKLOG_RECORDS, AUDIT_BUFFER_BYTES, RECORDS_PER_TURN } from "../limits.ts";

/**
 * The kernel's audit records, or why there are none. `none`: without a Landlock layer the kernel
 * denies nothing.
 */
export type KernelSource =
  | { readonly state: "none" }
  | {
      readonly state: "reading";
      /** Calls `sink` for every record until {@link stop}; between turns the event loop goes on. */
      run(sink: (record: AuditRecord) => void): Promise<void>;
      /** Takes the waiting records, then ends {@link run}. */
      stop(): void;
      /** Restores auditing; safe to call twice and in an exit handler. */
      release(): void;
      /** Records that the kernel or the socket lost since the start, on the whole host. */
      lost(): number;
      /** Overflows of this process's socket; see {@link AuditReader}. */
      overruns(): number;
    }
  | { readonly state: "unavailable"; readonly why: string };

/** Collectors of this host share the earlier audit state here. */
const AUDIT_LEASE = "/run/cofferdam/audit";

export function openKernelSource(): KernelSource {
  let reader: AuditReader | null = null;
  try {
    reader = new AuditReader(AUDIT_BUFFER_BYTES);
    const lease = leaseAuditing(AUDIT_LEASE, AUDIT_BACKLOG_RECORDS);
    if (lease.state === "on") return reading(reader, lease);
    reader.close();
    return lease;
  } catch (error) {
    reader?.close();
    if (
      error instanceof ErrnoError &&
      ["EPERM", "EACCES", "ECONNREFUSED", "EPROTONOSUPPORT"].includes(error.code)
    ) {
      return { state: "unavailable", why: error.message };
    }
    throw error;
  }
}

function reading(reader: AuditReader, lease: Extract<AuditLease, { state: "on" }>): KernelSource {
  const wake = syscall("eventfd2", 0, 0);
  let stopping = false;
  return {
    state: "reading",
    run: async (sink) => {
      for (;;) {
        const records = reader.read(RECORDS_PER_TURN);
        for (const record of records) sink(record);
        if (records.length === RECORDS_PER_TURN)
          await new Promise((resolve) => setImmediate(resolve));
        else if (stopping) break;
        else
          await pollReady([
            { fd: reader.fd, events: POLLIN },
            { fd: wake, events: POLLIN },
          ]);
      }
      close(wake);
    },
    stop: () => {
      if (stopping) return;
      stopping = true;
      write(wake, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
    },
    release: () => lease.release(),
    overruns: () => reader.overruns,
    lost: () => readAuditState().lost - lease.lostBefore + reader.overruns,
  };
}
