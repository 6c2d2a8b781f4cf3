import { printable } from "../../base/printable.ts";
import { auditSentence } from "../audit-catalogue.ts";
import { driftSentence } from "../drift-event.ts";
import type { Event } from "../event.ts";
import { explanation, objectOf } from "../render.ts";
import type { Item } from "./item.ts";

/** syslog(3) facility local6, as used by ESXi's kernel, times eight. */
const LOCAL6 = 22 * 8;
const severities = {
  denied: ["Wa", 4],
  warning: ["Wa", 4],
  noted: ["No", 5],
  failed: ["Er", 3],
  audit: ["No", 5],
} as const satisfies Record<Event["verdict"], readonly [string, number]>;

/**
 * A line of vmkernel.log: time, severity, writer, world (here the process id), subsystem, then the
 * program, its domain, the access and the outcome.
 */
export function vmkernelLine({ event }: Item): string {
  const [letters, severity] = severities[event.verdict];
  return (
    `${event.time} ${letters}(${LOCAL6 + severity}) cofferdam: ` +
    `${event.process.pid})VmkAccess: ${text(event)}\n`
  );
}

function text(event: Event): string {
  if (event.verdict === "audit") return auditSentence(event).replace(/^audit: /, "");
  const drift = driftSentence(event);
  if (drift !== null) return `${printable(event.domain)}: ${drift}`;
  if (event.class === "lifecycle")
    return printable(`${event.domain}: ${event.operation}: ${event.object}`);
  const who = printable(event.process.comm ?? "?");
  const object = `${noun(event)} = ${objectOf(event)} (${event.operation})`;
  const explained = explanation(event);
  const why = explained === null ? "" : `: ${explained}`;
  const often = event.count > 1 ? ` (${event.count} times)` : "";
  return `${who}: running in ${domainName(event)}: ${object}: ${event.verdict}${why}${often}`;
}

/** As ESXi names domains: `nginxDom(49)`; a domain without a number has a dash. */
export function domainName({ domain, number }: Pick<Event, "domain" | "number">): string {
  const name = domain.endsWith("Dom") ? domain : `${domain}Dom`;
  return `${printable(name)}(${number ?? "-"})`;
}

function noun(event: Event): string {
  switch (event.class) {
    case "name":
      return event.operation === "connect" || event.operation === "listen" ? "socket" : "file";
    case "two-names":
      return "files";
    case "address":
    case "socket":
      return "socket";
    case "signal":
      return "process";
    default:
      return event.class;
  }
}
