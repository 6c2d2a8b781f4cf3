import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import { type DraftLine, isGranted, type Witness } from "../../protect/evidence.ts";
import type { Subject } from "../../protect/subject.ts";
import { table } from "../render/table.ts";
import type { LeftOutside, ProtectedAll, ProtectedUnit } from "./all.ts";
import type { Chosen } from "./choose.ts";

const INDENT = "      ";

const witnesses: Readonly<Record<Witness, string>> = {
  unit: "from the unit",
  package: "from its package",
  program: "from its programs",
  command: "from the command line",
  process: "from running processes",
  cofferdam: "for every daemon",
};

/** What was found: a draft in numbers, and the lines that a person has to look at. */
export function renderChosen(chosen: Chosen, { target }: Subject, width: number): string {
  const text = (line: string, indent = "  ") => `${wrap(printable(line), width, indent)}\n`;
  const { domain, file, lines, left, similar } = chosen;
  const more =
    left === 0
      ? ""
      : text(`${left} more that running processes use were left out: use \`suggest\``);
  if (chosen.text === null)
    return (
      text(`${domain}: there is a policy for ${target}: ${file}`) +
      (lines.length === 0
        ? text("  what this host has of it, as far as can be seen, needs no other line")
        : text("  this host's unit, configuration or running daemon use more than it grants:") +
          lines.map((one) => renderLine(one, width)).join("")) +
      more
    );
  const granted = lines.filter(isGranted);
  const seen = granted.filter(
    ({ witness, dangers }) => witness === "process" || dangers.length > 0,
  );
  const refused = lines.filter((one) => !isGranted(one));
  return [
    text(
      `${domain}: no policy is for \`${target}\`; a draft of ${granted.length} lines: ` +
        countsOf(granted),
    ),
    ...(similar === null
      ? []
      : [text(`  the domain ${similar} is for the same program: compare with \`cofferdam diff\``)]),
    ...(seen.length === 0 ? [] : [text("Granted; look whether they are meant:")]),
    ...seen.map((one) => renderLine(one, width)),
    ...(refused.length === 0 ? [] : [text("Not granted, and in the draft only as comments:")]),
    ...refused.map((one) => renderLine(one, width)),
    more,
  ].join("");
}

function countsOf(lines: readonly DraftLine[]): string {
  return (Object.keys(witnesses) as Witness[])
    .map((witness) => ({ witness, count: lines.filter((one) => one.witness === witness).length }))
    .filter(({ count }) => count > 0)
    .map(({ witness, count }) => `${count} ${witnesses[witness]}`)
    .join(", ");
}

function renderLine({ section, line, why, dangers }: DraftLine, width: number): string {
  const notes = [...dangers.map((danger) => `careful: ${danger}`), why];
  return [
    `  ${section}: ${line}`,
    ...notes.flatMap((one) => wrap(`${INDENT}${printable(one)}`, width, INDENT)),
  ]
    .map((one) => `${one.split("\n").map(printable).join("\n")}\n`)
    .join("");
}

/** Commands in their order, each with what it is for. */
export function renderSteps(
  steps: readonly { readonly line: string; readonly what: string }[],
  width: number,
): string {
  const lines = steps.flatMap(({ line, what }) => [
    `  ${printable(line)}`,
    wrap(`${INDENT}${printable(what)}`, width, INDENT),
  ]);
  return `${["Next:", ...lines].join("\n")}\n`;
}

const LACKING =
  "May lack: the daemon, as it ran, used more than its policy grants: cofferdam suggest DOMAIN, " +
  "after a day, has the lines.";

/** One row a unit, then what listens and is still outside. */
export function renderAll(
  { units, left, restarted }: ProtectedAll & { readonly restarted: boolean },
  width: number,
): string {
  const domains = units.flatMap(({ domain }) => (domain === null ? [] : [domain]));
  return [
    units.length === 0 ? "No unit that runs outside is named by a policy, or listens.\n" : "",
    units.length === 0 ? "" : table([["unit", "domain", "policy"], ...units.map(unitRow)], width),
    units.some(({ lacking }) => lacking > 0) ? `${wrap(LACKING, width, "")}\n` : "",
    left.length === 0 ? "" : "Left outside:\n",
    ...left.map((one) => renderLeft(one, width)),
    domains.length === 0 ? "" : renderSteps(stepsOf(restarted), width),
  ].join("");
}

function unitRow({ unit, domain, drafted, lacking, failed }: ProtectedUnit): readonly string[] {
  if (failed !== null) return [unit, "-", printable(`${failed.message}; ${failed.help}`)];
  const lacks = `may lack ${lacking} ${lacking === 1 ? "line" : "lines"}`;
  const there = lacking === 0 ? "was there" : lacks;
  return [unit, domain ?? "", drafted ? "drafted: read it" : there];
}

function renderLeft({ pid, comm, sockets, why, help }: LeftOutside, width: number): string {
  const who = [`${comm} (process ${pid})`, ...sockets].join(", ");
  const text = `${who}: ${why}; ${help}`;
  return `${wrap(`  ${printable(text)}`, width, INDENT)}\n`;
}

function stepsOf(restarted: boolean) {
  const restart = { line: "systemctl restart UNIT", what: "each enters its domain, at warning" };
  return [
    ...(restarted ? [] : [restart]),
    { line: "cofferdam suggest DOMAIN --write", what: "after a day: adds what a policy lacks" },
    { line: "cofferdam enforce --all --restart", what: "enforces those that are ready" },
  ];
}
