import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import type { CheckedUnit } from "../../host/units/check-unit.ts";
import type { Finding } from "../../host/units/finding.ts";

export function shownCheck({ unit, domain, commands, findings, additions, ...rest }: CheckedUnit) {
  return {
    unit: unit.name,
    domain,
    state: rest.state,
    commands: commands.map(({ key, command, outside }) => ({
      kind: key,
      program: command.path,
      inDomain: outside === null,
      why: outside,
    })),
    conflicts: findings.filter(({ kind }) => kind === "conflict").map(shownFinding),
    notes: findings.filter(({ kind }) => kind === "note").map(shownFinding),
    additions,
    dropIn: rest.dropIn,
  };
}

function shownFinding({ what, where, lines }: Finding) {
  return { what, where, lines };
}

export function renderCheck(checked: CheckedUnit, width: number): string {
  const { unit, domain, commands, findings, additions, state } = checked;
  const inside = commands.filter(({ outside }) => outside === null);
  const names = inside.map(({ key, command }) => `${key}=${command.path}`).join(", ");
  const text = (line: string, indent: string) => `${wrap(printable(line), width, indent)}\n`;
  const of = (kind: Finding["kind"]) => findings.filter((one) => one.kind === kind);
  return [
    text(`${unit.name}: domain ${domain}, ${states[state]}`, "  "),
    text(`  in the domain: ${names}`, "    "),
    ...additions.map(({ setting }) => text(`  added for the launcher: ${setting}`, "    ")),
    ...of("note").map((one) => renderFinding(one, unit.name, width)),
    ...of("conflict").map((one) => renderFinding(one, unit.name, width)),
    of("conflict").length === 0
      ? text("  can be combined", "  ")
      : text("  cannot be combined before these lines are changed", "  "),
  ].join("");
}

const states: Readonly<Record<CheckedUnit["state"], string>> = {
  enabled: "enabled",
  changed: "enabled, and changed since: enable it again",
  disabled: "not enabled",
};

function renderFinding({ kind, what, where, lines }: Finding, unit: string, width: number) {
  const head = `  ${kind}: ${printable(what)}`;
  const place = where === "unit" ? `systemctl edit ${unit}, [Service]` : "in the policy";
  const change =
    lines.length === 0 ? [] : [`    ${place}:`, ...lines.map((line) => `      ${line}`)];
  return [wrap(head, width, "    "), ...change.map(printable)].map((line) => `${line}\n`).join("");
}
