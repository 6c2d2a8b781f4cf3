import { printable } from "../../../base/printable.ts";
import { fitted, folded } from "../../terminal/lines.ts";
import type { Screen, Size } from "../../terminal/terminal.ts";
import type { Changed } from "../write-lines.ts";
import {
  type Choosing,
  type Item,
  itemAt,
  type Judged,
  type Step,
  variantAt,
  WORD,
} from "./choosing.ts";
import { lineDifference } from "./line-difference.ts";
import { eventsPage, helpPage, linePage, previewPage } from "./pages.ts";

/** Rows below which a page has no blank lines around it. */
const ROWS_FOR_BLANK = 12;

export const NOTHING_TAKEN = "no line was taken: there is nothing to write";

/** What the screen shows parts of. */
export interface View {
  readonly domain: string;
  readonly proposals: readonly Judged[];
  readonly item: (at: number) => Item;
  /** Lines that were taken. */
  readonly lines: (steps: readonly Step[]) => readonly Judged[];
  readonly changedBy: (steps: readonly Step[]) => Changed;
  readonly unconfirmed: (steps: readonly Step[]) => string | null;
  /** The policy's text as it is, and which file is to be written. */
  readonly text: string;
  readonly file: readonly string[];
}

export interface Layout {
  readonly head: readonly string[];
  readonly page: readonly string[];
  /** Rows for the page. */
  readonly room: number;
  readonly foot: readonly string[];
}

export function screenOf(view: View, choosing: Choosing, size: Size, color: boolean): Screen {
  const { head, page, room, foot } = layoutOf(view, choosing, size);
  const above = Math.max(0, Math.min(choosing.above, page.length - room));
  const shown = page.slice(above, above + room);
  const blank = Array.from({ length: room - shown.length }, () => "");
  const lines = fitted([...head, ...shown, ...blank, ...foot], size);
  return { lines, titles: color ? 0 : null };
}

export function layoutOf(view: View, choosing: Choosing, { columns, rows }: Size): Layout {
  const gap = rows >= ROWS_FOR_BLANK ? [""] : [];
  const head = [titleOf(view, choosing), ...gap];
  const page = pageOf(view, choosing, columns);
  const foot = [
    ...folded(sentence(choosing), columns, ""),
    ...folded(keysOf(view, choosing), columns, ""),
  ];
  const left = rows - head.length - foot.length;
  if (page.length <= left - gap.length)
    return { head, page, room: left - gap.length, foot: [...gap, ...foot] };
  const room = Math.max(1, left - 1);
  const hidden = page.length - room - choosing.above;
  const rest = hidden > 0 ? `-- ${hidden} more below: down --` : "-- end --";
  return { head, page, room, foot: [rest, ...foot] };
}

function titleOf({ proposals, domain }: View, choosing: Choosing): string {
  const at = itemAt(choosing);
  const { steps, page } = choosing;
  const count = (kind: Step["kind"]) => steps.filter((step) => step.kind === kind).length;
  const covered = count("covered") === 0 ? "" : `, ${count("covered")} covered`;
  const decided = `${count("taken")} taken, ${count("left")} left out${covered}`;
  const harmless = proposals.filter(({ dangers }) => dangers.length === 0).length;
  const line =
    at < harmless
      ? `line ${at + 1} of ${harmless}`
      : `DANGEROUS line ${at + 1 - harmless} of ${proposals.length - harmless}`;
  return printable(`suggest ${domain}: ${page === "preview" ? "preview" : line} (${decided})`);
}

function pageOf(view: View, choosing: Choosing, columns: number): readonly string[] {
  const { page } = choosing;
  if (page === "help") return helpPage.flatMap((line) => folded(line, columns, "      "));
  if (page === "preview") return previewOf(view, choosing, columns);
  const item = view.item(itemAt(choosing));
  return page === "events"
    ? eventsPage(item, columns)
    : linePage(item, variantAt(choosing, item), columns);
}

function previewOf(view: View, { steps }: Choosing, columns: number): readonly string[] {
  if (view.lines(steps).length === 0) return folded(NOTHING_TAKEN, columns, "");
  const now = view.changedBy(steps);
  const danger = view.unconfirmed(steps);
  const careful = danger === null ? [] : [`careful: together with the others, ${danger}`];
  const difference = lineDifference(view.text, now.text);
  return previewPage([...view.file, ...careful], difference, now.diagnostics, columns);
}

/** Above the keys. */
function sentence({ typed, message }: Choosing): string {
  return typed === null ? (message ?? "") : `type ${WORD} and Enter, or Escape: ${typed}_`;
}

function keysOf(view: View, choosing: Choosing): string {
  const { page, typed } = choosing;
  if (typed !== null) return "Escape: back, ^C: quit without writing";
  if (page === "preview") return "y: write this  u: back  q: quit without writing";
  if (page !== "line") return "any key: back";
  const item = view.item(itemAt(choosing));
  const variant = variantAt(choosing, item);
  const narrower = variant > 0 ? "n narrower  " : "";
  const wider = variant < item.variants.length - 1 ? "w wider  " : "";
  return `t take  l leave  ${narrower}${wider}e events  u undo  p preview  h help  q quit`;
}
