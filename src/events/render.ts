import { printable } from "../base/printable.ts";
import { wrap } from "../base/wrap.ts";
import { auditSentence } from "./audit-catalogue.ts";
import { driftSentence } from "./drift-event.ts";
import type { Event } from "./event.ts";

export interface RenderOptions {
  /** Columns; longer lines are broken at spaces and continue indented. Default 80. */
  readonly width?: number;
  readonly color?: boolean;
}

const WIDTH_DEFAULT = 80;
const CONTINUATION = "  ";
const INDENT = "    ";

const ansi = {
  denied: "\x1b[31m",
  warning: "\x1b[33m",
  noted: "\x1b[36m",
  failed: "\x1b[35m",
  audit: "\x1b[36m",
  help: "\x1b[2m",
  off: "\x1b[0m",
} as const;

/**
 * Process, domain, access, outcome and reason; then the line that would have allowed it. Without a
 * final newline. Control characters in names are escaped: a file name cannot act on the terminal.
 */
export function renderEvent(event: Event, options: RenderOptions = {}): string {
  const width = options.width ?? WIDTH_DEFAULT;
  const said = paint(
    wrap(sentence(event), width, CONTINUATION),
    ansi[event.verdict],
    options.color,
  );
  const help = helpOf(event);
  if (help === null) return said;
  const more = wrap(`${INDENT}${printable(help)}`, width, INDENT + CONTINUATION);
  return `${said}\n${paint(more, ansi.help, options.color)}`;
}

function helpOf({ allow, help }: Event): string | null {
  return allow === null ? (help ?? null) : `allow it with: ${allow.section}: - ${allow.line}`;
}

function sentence(event: Event): string {
  if (event.verdict === "audit") return auditSentence(event);
  const drift = driftSentence(event);
  if (drift !== null) return `cofferdam: ${printable(event.domain)}: ${drift}`;
  if (event.class === "lifecycle")
    return printable(`cofferdam: ${event.domain}: ${event.operation}: ${event.object}`);
  const who = `${printable(event.process.comm ?? "?")}[${event.process.pid}]`;
  const what = `${printable(event.operation)} ${objectOf(event)}`;
  const often = event.count > 1 ? ` (${event.count} times)` : "";
  const explained = explanation(event);
  const why = explained === null ? "" : `: ${explained}`;
  return `${who}: ${printable(event.domain)}: ${what}: ${event.verdict}${why}${often}`;
}

/**
 * Safe for a terminal. For a name that is made or removed the kernel reports only the directory;
 * `?` stands for the name.
 */
export function objectOf({ source, operation, object }: Event): string {
  const isUnnamed =
    source === "kernel" &&
    (operation === "create" || operation === "delete") &&
    object.endsWith("/?");
  return isUnnamed ? `a name in ${printable(object.slice(0, -1))}` : printable(object);
}

/** null if the reason is unknown. */
export function explanation(event: Event): string | null {
  switch (event.reason) {
    case null:
      if (event.rule !== null) return `by ${printable(event.rule)}`;
      // The kernel does not say whether a rule denies, none grants, or the grant came too late for
      // a sealed domain.
      return event.source === "kernel" && event.verdict === "denied" ? "no grant reaches it" : null;
    case "rule":
      return `the rule \`${printable(event.rule ?? "?")}\` says so`;
    case "no-rule":
      return "no grant names it";
    case "gain":
      return "the new name would allow more than the old one";
    case "late-name":
      return "the name came into being after the domain was sealed";
    case "own-object":
      return "it belongs to Cofferdam";
    case "mediator":
      return "the mediator could not answer";
    case "never":
      return "no policy can grant this here";
    case "host":
      return "this host cannot hold what the policy grants";
    case "granted-now":
      return "the policy grants it by now";
  }
}

/** Each line separately, so that a line that is cut off resets its color. */
function paint(lines: string, code: string, color: boolean | undefined): string {
  return color === true ? lines.replace(/^.*$/gm, (line) => `${code}${line}${ansi.off}`) : lines;
}
