import { printableJson } from "../../base/printable.ts";
import type { Verification } from "../../events/log/findings.ts";
import { renderEvent } from "../../events/render.ts";
import type { Seen } from "../events/kinds.ts";
import { localTime } from "./local-time.ts";

export interface EventsStyle {
  readonly width: number;
  readonly color: boolean;
}

const INDENT = "  ";

/** One access: its number, when it was last seen, how often and since when; then what happened. */
export function renderSeen(
  { event, seq, count, first }: Seen,
  { width, color }: EventsStyle,
): string {
  const last = localTime(event.time);
  const often = count > 1 ? `  ${group(count)} times since ${since(first, event.time)}` : "";
  // The line above says it already.
  const text = renderEvent(
    { ...event, object: withLocalTimes(event), count: 1 },
    { width: width - INDENT.length, color },
  );
  return `${seq}  ${last}${often}\n${text.replace(/^/gm, INDENT)}\n`;
}

/** The record has the time at which a level or an exception ends in UTC; shows it in local time. */
function withLocalTimes({ verdict, operation, object }: Seen["event"]): string {
  if (
    verdict !== "audit" ||
    !/^((all-levels|level)-changed|level forgotten|exception added)$/.test(operation)
  )
    return object;
  return object.replace(/(?<=(?:until|given) )\d{4}-\d\d-\d\dT[\d:.]+Z/, localTime);
}

/** For programs: the latest record, with the count and the time of the first. */
export function seenJson({ event, seq, count, first }: Seen): string {
  return `${printableJson(JSON.stringify({ ...event, seq, count, first }))}\n`;
}

export function renderVerification({
  state,
  files,
  records,
  first,
  last,
  lost,
  findings,
  more,
}: Verification): string {
  const range = first === null || last === null ? "" : `, ${group(first)} to ${group(last)}`;
  const found = findings.map(
    ({ kind, file, line, to, text }) =>
      `${file}:${line}${to > line ? `-${to}` : ""}: ${kind}: ${text}`,
  );
  const rest = more > 0 ? [`and ${group(more)} more`] : [];
  const gone =
    lost > 0
      ? [`${counted(lost, "event")} could not be written at the time: the log says where`]
      : [];
  return [
    `${state}: ${counted(records, "record")} in ${counted(files, "file")}${range}`,
    ...gone,
    ...found,
    ...rest,
    "",
  ].join("\n");
}

/** Leaves the date out if both times are of the same day. */
function since(first: string, last: string): string {
  const [day, time = ""] = localTime(first).split(" ");
  return day === localTime(last).split(" ")[0] ? time : `${day} ${time}`;
}

function counted(number: number, what: string): string {
  return `${group(number)} ${what}${number === 1 ? "" : "s"}`;
}

function group(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}
