import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import { type Control, controls, OUTSIDE, type Way } from "../../host/reach/hop.ts";
import type { Hop, Reach, Reached } from "../../host/reach/reach.ts";
import type { Source } from "../../model/policy.ts";

/** Ways of one hop that are shown; --json has all of them. */
const WAYS_SHOWN_MAX = 3;

export const controlWords: Readonly<Record<Control, string>> = {
  code: "controls code of",
  data: "controls data of",
  talk: "can talk to",
  stop: "can stop",
};

interface Look {
  /** Columns. */
  readonly width: number;
}

export function nameOf(domain: string): string {
  return domain === OUTSIDE ? "programs outside every domain" : domain;
}

/** Each domain that was reached, the nearest first, with its hops. */
export function renderReach(result: Reach, look: Look): string {
  const { reached, hops } = result;
  const lines = [
    ...summary(result, look),
    ...reached.flatMap((from) => {
      const own = hops.filter((hop) => hop.from === from.domain);
      const fresh = own.filter(({ to }) => isFirst(reached, from, to));
      const again = own.filter((hop) => !fresh.includes(hop));
      if (own.length === 0) return [];
      return [
        "",
        wrap(headOf(from, reached), look.width, "  "),
        ...fresh.flatMap((hop) => hopLines(hop, look)),
        ...againLines(again, look),
      ];
    }),
  ];
  // Names of files may have been chosen by anyone; the line breaks are of this function.
  return lines.map((line) => `${line.split("\n").map(printable).join("\n")}\n`).join("");
}

function summary({ domain, reached, hops }: Reach, { width }: Look): readonly string[] {
  const open = reached.filter(({ level }) => level !== null && level !== "enforcing");
  const warnings = open.map(({ domain: name, level }) => {
    const text = `${name} is at level ${level}: it holds nothing back, whatever its policy says`;
    return wrap(`! ${text}`, width, "  ");
  });
  const direct = extent(
    hops.filter(({ from }) => from === domain),
    domain,
  );
  const all = extent(hops, domain);
  const further = `If what it reaches is broken into as well: ${all}.`;
  return [
    ...warnings,
    wrap(`A break-in into ${domain} directly reaches ${direct}.`, width, ""),
    ...(all === direct ? [] : [wrap(further, width, "")]),
  ];
}

const outsideWords: Readonly<Record<Control, string>> = {
  code: "the whole host: code outside every domain",
  data: "data of programs outside every domain",
  talk: "sockets of programs outside every domain",
  stop: "programs outside every domain, which it can stop",
};

function extent(hops: readonly Hop[], start: string): string {
  const others = new Set(hops.map(({ to }) => to).filter((to) => to !== OUTSIDE && to !== start));
  const outside = hops.filter(({ to }) => to === OUTSIDE).map(({ control }) => control);
  const strongest = controls.find((control) => outside.includes(control));
  const count = others.size === 0 ? "no" : others.size;
  const domains = `${count} other ${others.size === 1 ? "domain" : "domains"}`;
  const beyond = strongest === undefined ? "nothing outside every domain" : outsideWords[strongest];
  return `${domains}, and ${beyond}`;
}

function headOf({ domain, hops, from }: Reached, reached: readonly Reached[]): string {
  if (from === null) return `directly from ${domain}`;
  const path = [domain];
  for (let at: string | null = from; at !== null; ) {
    path.unshift(at);
    const before = reached.find((one) => one.domain === at);
    at = before?.from ?? null;
  }
  return `after ${hops} ${hops === 1 ? "hop" : "hops"}: ${path.join(" > ")}`;
}

function isFirst(reached: readonly Reached[], from: Reached, to: string): boolean {
  return reached.some(({ domain, from: by }) => domain === to && by === from.domain);
}

function hopLines({ to, control, ways }: Hop, look: Look): readonly string[] {
  const shown = ways.slice(0, WAYS_SHOWN_MAX);
  const more = ways.length - shown.length;
  return [
    `  ${controlWords[control]} ${nameOf(to)}`,
    ...shown.flatMap((way) => wayLines(way, control, to, look)),
    ...(more === 0 ? [] : [`    and ${more} more ${more === 1 ? "way" : "ways"} (--json)`]),
  ];
}

function wayLines(way: Way, control: Control, to: string, { width }: Look): readonly string[] {
  const { how, mine, theirs, exists } = way;
  const weaker = way.control === control ? "" : `${controlWords[way.control]} it: `;
  const sentence = how.replaceAll(OUTSIDE, nameOf(OUTSIDE));
  const there =
    way.witness === null || exists || !way.witness.startsWith("/") ? "" : " (not there now)";
  const other = to === OUTSIDE ? "they" : "it";
  const side = (who: string, source: Source | null) =>
    source === null ? [] : [wrap(`      ${who.padEnd(6)}${grant(source)}`, width, " ".repeat(12))];
  return [
    wrap(`    ${weaker}${sentence}${there}`, width, " ".repeat(6)),
    ...side("by", mine),
    ...side(other, theirs),
  ];
}

function grant({ file, line, text }: Source): string {
  return file === "" ? text : `${text} (${file.slice(file.lastIndexOf("/") + 1)}:${line})`;
}

function againLines(again: readonly Hop[], { width }: Look): readonly string[] {
  if (again.length === 0) return [];
  const texts = again.map(({ to, control }) => `${controlWords[control]} ${nameOf(to)}`);
  return [wrap(`  also: ${texts.join(", ")}`, width, " ".repeat(4))];
}
