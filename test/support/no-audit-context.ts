import { openAuditSocket } from "../../src/kernel/audit/socket.ts";
import { NLM_F_ACK, NLM_F_REQUEST } from "../../src/kernel/constants.ts";
import { close, syscall } from "../../src/kernel/ffi.ts";
import { nlmsghdr } from "../../src/kernel/structs.ts";

/** From linux/audit.h: message types, and the layout of `struct audit_rule_data`. */
const AUDIT_ADD_RULE = 1011;
const AUDIT_DEL_RULE = 1012;
const RULE = { filterTask: 1, bytes: 1040, mask: { at: 12, bytes: 256 } } as const;

/**
 * Runs `work` under the audit rule `-a never,task`, host-wide: processes started meanwhile get no
 * audit context.
 */
export async function withoutAuditContext<T>(work: () => T | Promise<T>): Promise<T> {
  changeTaskRule(AUDIT_ADD_RULE);
  try {
    return await work();
  } finally {
    changeTaskRule(AUDIT_DEL_RULE);
  }
}

function changeTaskRule(type: number): void {
  const rule = Buffer.alloc(RULE.bytes);
  rule.writeUInt32LE(RULE.filterTask, 0);
  rule.fill(0xff, RULE.mask.at, RULE.mask.at + RULE.mask.bytes);
  const length = nlmsghdr.size + rule.length;
  const header = nlmsghdr.encode({
    nlmsg_len: length,
    nlmsg_type: type,
    nlmsg_flags: NLM_F_REQUEST | NLM_F_ACK,
    nlmsg_seq: 1,
  });
  const socket = openAuditSocket();
  try {
    const message = Buffer.concat([header, rule]);
    syscall("sendto", socket, message, message.length, 0, null, 0);
    const answer = Buffer.alloc(4_096);
    syscall("recvfrom", socket, answer, answer.length, 0, null, null);
    const error = answer.readInt32LE(nlmsghdr.size);
    if (error !== 0) throw new Error(`audit rule: error ${-error}`);
  } finally {
    close(socket);
  }
}
