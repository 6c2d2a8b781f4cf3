import { openAuditSocket } from "../audit/socket.ts";
import { AUDIT_NLGRP_READLOG } from "../constants.ts";
import { close, ErrnoError } from "../ffi.ts";
import type { Probe } from "../host-facts.ts";
import { refused, yes } from "./answer.ts";

export function probeAuditRead(): Probe {
  try {
    close(openAuditSocket(AUDIT_NLGRP_READLOG));
    return yes;
  } catch (error) {
    if (error instanceof ErrnoError) return refused(error.call, -error.errno);
    throw error;
  }
}
