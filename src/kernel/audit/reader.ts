import {
  AUDIT_NLGRP_READLOG,
  EAGAIN,
  EINTR,
  ENOBUFS,
  MSG_DONTWAIT,
  MSG_TRUNC,
  SO_RCVBUFFORCE,
  SOL_SOCKET,
} from "../constants.ts";
import { close, ErrnoError, syscall, syscallRaw } from "../ffi.ts";
import { nlmsghdr } from "../structs.ts";
import { number } from "../syscalls.ts";
import { type AuditRecord, parseRecord } from "./record.ts";
import { openAuditSocket } from "./socket.ts";

/** MAX_AUDIT_MESSAGE_LENGTH of the kernel is 8970 bytes. */
const MESSAGE_BYTES_MAX = 16 * 1024;
const recvfrom = number("recvfrom") ?? -1;

/**
 * A member of the audit multicast group. It gets a copy of every record and takes none from an
 * audit daemon.
 */
export class AuditReader {
  readonly fd: number;
  readonly #bytes = Buffer.alloc(MESSAGE_BYTES_MAX);
  #overruns = 0;

  /**
   * `bufferBytes`: receive buffer of the socket. Throws {@link ErrnoError} without CAP_AUDIT_READ.
   */
  constructor(bufferBytes: number) {
    this.fd = openAuditSocket(AUDIT_NLGRP_READLOG);
    const size = Buffer.alloc(4);
    size.writeInt32LE(bufferBytes);
    syscall("setsockopt", this.fd, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length);
  }

  /**
   * A lower bound on the losses between the kernel and this process. The kernel does not report how
   * many records a loss was.
   */
  get overruns(): number {
    return this.#overruns;
  }

  /** Does not block. At most `max` records. */
  read(max: number): AuditRecord[] {
    const records: AuditRecord[] = [];
    for (let received = 0; received < max; received++) {
      const length = syscallRaw(
        recvfrom,
        this.fd,
        this.#bytes,
        this.#bytes.length,
        MSG_DONTWAIT | MSG_TRUNC,
        null,
        null,
      );
      if (length === -EAGAIN) break;
      if (length === -EINTR) continue;
      if (length === -ENOBUFS || length > this.#bytes.length) {
        this.#overruns += 1;
        continue;
      }
      if (length < 0) throw new ErrnoError("read audit records", -length);
      const record = this.#decode(length);
      if (record !== null) records.push(record);
    }
    return records;
  }

  close(): void {
    close(this.fd);
  }

  /**
   * An audit message carries one record and a length without padding; the rest of the datagram is
   * the text.
   */
  #decode(length: number): AuditRecord | null {
    if (length < nlmsghdr.size) return null;
    const header = nlmsghdr.decode(this.#bytes);
    return parseRecord(
      header.nlmsg_type,
      this.#bytes.toString("utf8", nlmsghdr.size, length).replace(/\0+$/, ""),
    );
  }
}
