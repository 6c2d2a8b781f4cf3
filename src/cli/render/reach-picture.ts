import { printable } from "../../base/printable.ts";
import { type Control, controls, OUTSIDE } from "../../host/reach/hop.ts";
import type { Hop, Reach, Reached } from "../../host/reach/reach.ts";
import { controlWords, nameOf } from "./reach.ts";

/** In pixels. */
const BOX = { width: 190, height: 46 };
const GAP = { across: 150, down: 30 };
const MARGIN = 30;
const HEAD_HEIGHT = 84;
/** Characters of a domain's name that fit into a box. */
const NAME_SHOWN_MAX = 21;
const FONT = 'font-family="sans-serif"';

const colours: Readonly<Record<Control, string>> = {
  code: "#b00020",
  data: "#c46a00",
  talk: "#2060b0",
  stop: "#7a7a7a",
};

interface Place {
  readonly x: number;
  readonly y: number;
}

/**
 * A column for each number of hops, with arrows to the right. Hops back to a domain that was
 * reached earlier would hide the others; the text has them.
 */
export function reachPicture(result: Reach): string {
  const columns = columnsOf(result);
  const rows = Math.max(...columns.map((column) => column.length));
  const height = HEAD_HEIGHT + rows * (BOX.height + GAP.down) + MARGIN;
  const width = Math.max(
    MARGIN * 2 + columns.length * BOX.width + (columns.length - 1) * GAP.across,
    controls.length * BOX.width + MARGIN * 2,
  );
  const places = new Map<string, Place>();
  columns.forEach((column, across) => {
    const top = HEAD_HEIGHT + ((rows - column.length) * (BOX.height + GAP.down)) / 2;
    column.forEach(({ domain }, down) => {
      const x = MARGIN + across * (BOX.width + GAP.across);
      places.set(domain, { x, y: top + down * (BOX.height + GAP.down) });
    });
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<defs>${controls.map(arrowHead).join("")}</defs>`,
    text(MARGIN, MARGIN, `A break-in into ${result.domain} reaches`, 18, "#1a1a1a", "bold"),
    ...controls.map(legend),
    ...forwardHops(result, columns).map((hop) => arrow(hop, places)),
    ...result.reached.map((one) => box(one, places)),
    "</svg>",
    "",
  ].join("\n");
}

/** What is outside every domain comes last: nothing lies behind it. */
function columnsOf({ reached }: Reach): readonly (readonly Reached[])[] {
  const last = Math.max(...reached.map(({ hops, domain }) => (domain === OUTSIDE ? 0 : hops)));
  const domains = Array.from({ length: last + 1 }, (_, distance) =>
    reached.filter(({ hops, domain }) => hops === distance && domain !== OUTSIDE),
  );
  const outside = reached.filter(({ domain }) => domain === OUTSIDE);
  return outside.length === 0 ? domains : [...domains, outside];
}

function forwardHops({ hops }: Reach, columns: readonly (readonly Reached[])[]): readonly Hop[] {
  const columnOf = (name: string) =>
    columns.findIndex((column) => column.some(({ domain }) => domain === name));
  return hops.filter(({ from, to }) => columnOf(from) < columnOf(to));
}

function arrowHead(control: Control): string {
  return (
    `<marker id="${control}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" ` +
    `markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z" fill="${colours[control]}"/>` +
    "</marker>"
  );
}

function legend(control: Control, at: number): string {
  const [x, y] = [MARGIN + at * BOX.width, MARGIN + 26];
  const line = `<path d="M${x} ${y}h28" ${stroke(control)} marker-end="url(#${control})"/>`;
  return line + text(x + 36, y + 4, controlWords[control].replace(/ (of|to)$/, ""), 13, "#1a1a1a");
}

function stroke(control: Control): string {
  const dashes = control === "stop" ? ' stroke-dasharray="5 4"' : "";
  const width = control === "code" ? 2.5 : 1.5;
  return `fill="none" stroke="${colours[control]}" stroke-width="${width}"${dashes}`;
}

function arrow({ from, to, control, ways }: Hop, places: ReadonlyMap<string, Place>): string {
  const [start, end] = [places.get(from), places.get(to)];
  if (start === undefined || end === undefined) return "";
  const [x1, y1] = [start.x + BOX.width, start.y + BOX.height / 2];
  const [x2, y2] = [end.x, end.y + BOX.height / 2];
  const bend = Math.max(GAP.across / 2, (x2 - x1) / 2);
  const curve = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  const hows = ways.map(({ how }) => how).join("\n");
  const title = `${from} ${controlWords[control]} ${nameOf(to)}\n${hows}`;
  return (
    `<path d="${curve}" ${stroke(control)} marker-end="url(#${control})">` +
    `<title>${escapeXml(title)}</title></path>`
  );
}

function box({ domain, level, hops }: Reached, places: ReadonlyMap<string, Place>): string {
  const { x, y } = places.get(domain) ?? { x: 0, y: 0 };
  const isOutside = domain === OUTSIDE;
  const isHeld = level === "enforcing";
  const fill = isOutside ? "#fde7e9" : hops === 0 ? "#1f3a5f" : isHeld ? "#eaf1fb" : "#fff3d6";
  const edge = isOutside || (!isHeld && hops > 0) ? colours.code : "#1f3a5f";
  const colour = hops === 0 ? "#ffffff" : "#1a1a1a";
  const shape =
    `<rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6" ` +
    `fill="${fill}" stroke="${edge}"/>`;
  const [title, below] = isOutside
    ? ["outside every domain", "systemd, cron, logins, ..."]
    : [shortened(domain), `${level}`];
  return [
    shape,
    text(x + BOX.width / 2, y + 19, title, 14, colour, "bold", "middle"),
    text(x + BOX.width / 2, y + 36, below, 12, colour, "normal", "middle"),
  ].join("");
}

function shortened(name: string): string {
  return name.length <= NAME_SHOWN_MAX ? name : `${name.slice(0, NAME_SHOWN_MAX - 1)}…`;
}

function text(
  x: number,
  y: number,
  words: string,
  size: number,
  colour: string,
  weight = "normal",
  anchor = "start",
): string {
  return (
    `<text x="${x}" y="${y}" ${FONT} font-size="${size}" font-weight="${weight}" ` +
    `text-anchor="${anchor}" fill="${colour}">${escapeXml(words)}</text>`
  );
}

/** Names may be anyone's, and the picture is opened in a browser. */
function escapeXml(words: string): string {
  return words
    .split("\n")
    .map(printable)
    .join("\n")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
