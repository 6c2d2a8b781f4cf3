import {
  AUDIT_GET,
  AUDIT_SET,
  AUDIT_STATUS_BACKLOG_LIMIT,
  AUDIT_STATUS_ENABLED,
  NLM_F_ACK,
  NLM_F_REQUEST,
  NLMSG_ERROR,
  POLLIN,
} from "../constants.ts";
import { close, ErrnoError, poll, syscall } from "../ffi.ts";
import { auditStatus, nlmsghdr } from "../structs.ts";
import { openAuditSocket } from "./socket.ts";

export interface AuditState {
  /** 0: off; 1: on; 2: on and locked until the next boot. */
  readonly enabled: number;
  /** Process id of the registered audit daemon; 0 for none. */
  readonly daemon: number;
  /** Limit on the records that wait in the kernel. */
  readonly backlogLimit: number;
  readonly lost: number;
}

/** Milliseconds; the kernel answers at once or never. */
const ANSWER_TIMEOUT_MS = 1_000;
const ANSWER_BYTES = 8 * 1024;
/** Limit on the messages read while looking for the answer. */
const MESSAGES_MAX = 16;

/** Needs CAP_AUDIT_CONTROL; throws {@link ErrnoError}. */
export function readAuditState(): AuditState {
  const payload = request(AUDIT_GET, Buffer.alloc(0), AUDIT_GET);
  // Older kernels send a shorter struct; missing fields are zero.
  const bytes = auditStatus.alloc();
  bytes.set(payload.subarray(0, bytes.length));
  const status = auditStatus.decode(bytes);
  return {
    enabled: status.enabled,
    daemon: status.pid,
    backlogLimit: status.backlog_limit,
    lost: status.lost,
  };
}

/** One message sets both. The registration of a daemon stays. */
export function writeAuditState(state: { enabled: number; backlogLimit: number }): void {
  const mask = AUDIT_STATUS_ENABLED | AUDIT_STATUS_BACKLOG_LIMIT;
  request(
    AUDIT_SET,
    auditStatus.encode({ mask, enabled: state.enabled, backlog_limit: state.backlogLimit }),
    NLMSG_ERROR,
  );
}

/**
 * Sends one message and returns the payload of the first answer of `answerType`. Throws the error
 * of an NLMSG_ERROR.
 */
function request(type: number, payload: Uint8Array, answerType: number): Uint8Array {
  const socket = openAuditSocket();
  try {
    const length = nlmsghdr.size + payload.length;
    const header = nlmsghdr.encode({
      nlmsg_len: length,
      nlmsg_type: type,
      nlmsg_flags: NLM_F_REQUEST | NLM_F_ACK,
      nlmsg_seq: 1,
    });
    const message = Buffer.concat([header, payload]);
    syscall("sendto", socket, message, message.length, 0, null, 0);
    for (let read = 0; read < MESSAGES_MAX; read++) {
      const answer = receive(socket);
      const { nlmsg_type } = nlmsghdr.decode(answer);
      const body = answer.subarray(nlmsghdr.size);
      if (nlmsg_type === NLMSG_ERROR && body.readInt32LE(0) !== 0)
        throw new ErrnoError(`audit request ${type}`, -body.readInt32LE(0));
      if (nlmsg_type === answerType) return body;
    }
    throw new Error(`audit request ${type}: no answer among ${MESSAGES_MAX} messages`);
  } finally {
    close(socket);
  }
}

function receive(socket: number): Buffer {
  const [ready = 0] = poll([{ fd: socket, events: POLLIN }], ANSWER_TIMEOUT_MS);
  if (ready === 0)
    throw new Error(`the kernel did not answer an audit request within ${ANSWER_TIMEOUT_MS} ms`);
  const bytes = Buffer.alloc(ANSWER_BYTES);
  return bytes.subarray(0, syscall("recvfrom", socket, bytes, bytes.length, 0, null, null));
}
