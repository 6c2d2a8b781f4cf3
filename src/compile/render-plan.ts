import { wrap } from "../base/wrap.ts";
import type { Plan, PlanReport } from "../plan/plan.ts";
import { renderAsked } from "./render-asked.ts";

/** Columns between a list's marker and its text. */
const INDENT = 2;

/** `width` in columns; words longer than a line are not cut. */
export function renderPlan(plan: Plan, { width }: { readonly width: number }): string {
  const { report } = plan.mediation;
  const blocks = [
    [heading(plan), ...identity(plan).flatMap((line) => item(line, width))],
    section(
      "layers",
      report.layers.map(({ name, state, detail }) => `${name}: ${state}. ${detail}`),
      width,
    ),
    section("rules on names", pathRules(plan), width),
    section("ports", portRules(plan), width),
    report.brokered.length === 0
      ? []
      : ["decided by the mediator", ...renderAsked(report.brokered, width)],
    section(
      "expanded",
      report.expanded.map(({ rule, into }) => `${rule} -> ${into.join(" ")}`),
      width,
    ),
    section(
      "lost",
      report.lost.map(({ rule, why }) => `${rule}: ${why}`),
      width,
    ),
    section(
      "symbolic links",
      report.resolved.map(({ written, canonical }) => `${written} -> ${canonical}`),
      width,
    ),
    section(
      "single files (lost when replaced)",
      report.pinned.map(({ path, inode }) => `${path} (inode ${inode})`),
      width,
    ),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join("\n"))
    .join("\n\n")}\n`;
}

/** As printed by `cofferdam plan --json`. Rights are lists of names; masks are hexadecimal. */
export function planJson(plan: Plan): {
  readonly domain: string;
  readonly number: number | null;
  readonly level: string;
  readonly mode: string;
  readonly attended: boolean;
  readonly identity: {
    readonly user: Plan["identity"]["user"];
    readonly noNewPrivileges: boolean;
    readonly bounding: string;
  };
  readonly paths: readonly {
    readonly path: string;
    readonly directory: boolean;
    readonly rights: readonly string[];
  }[];
  readonly ports: readonly { readonly port: number; readonly rights: readonly string[] }[];
  readonly sockets: Plan["mediation"]["sockets"];
  readonly filterInstructions: number;
  readonly report: PlanReport;
} {
  const { identity: who, landlock, mediation } = plan;
  return {
    domain: plan.domain,
    number: plan.number,
    level: plan.level,
    mode: plan.mode,
    attended: plan.attended,
    identity: {
      user: who.user,
      noNewPrivileges: who.noNewPrivileges,
      bounding: `0x${who.bounding.toString(16)}`,
    },
    paths: (landlock?.paths ?? []).map((rule) => ({
      ...rule,
      rights: names(rule.rights, pathRightNames),
    })),
    ports: (landlock?.ports ?? []).map((rule) => ({
      ...rule,
      rights: names(rule.rights, portRightNames),
    })),
    sockets: mediation.sockets,
    filterInstructions: (plan.seccomp?.filter.length ?? 0) / 8,
    report: mediation.report,
  };
}

/** LANDLOCK_ACCESS_FS_*, by bit. */
const pathRightNames = [
  "execute",
  "write-file",
  "read-file",
  "read-dir",
  "remove-dir",
  "remove-file",
  "make-char",
  "make-dir",
  "make-reg",
  "make-sock",
  "make-fifo",
  "make-block",
  "make-sym",
  "refer",
  "truncate",
  "ioctl-dev",
];
/** LANDLOCK_ACCESS_NET_*, by bit. */
const portRightNames = ["bind-tcp", "connect-tcp"];

function names(rights: bigint, all: readonly string[]): string[] {
  return all.filter((_, bit) => (rights & (1n << BigInt(bit))) !== 0n);
}

function heading({ domain, number, level, mode, attended }: Plan): string {
  const way = level === "disabled" ? [] : [mode, ...(attended ? ["attended"] : [])];
  return [
    `domain ${domain}${number === null ? "" : ` (${number})`}`,
    `level ${level}`,
    ...way,
  ].join(", ");
}

function identity({ identity: { user, privateIpc } }: Plan): string[] {
  const who =
    user === null
      ? "the caller"
      : `user ${user.uid}, group ${user.gid}, groups ${user.groups.join(" ") || "none"}`;
  return [`runs as ${who}${privateIpc ? ", in an IPC namespace of its own" : ""}`];
}

/** Rules with equal rights share a line. */
function pathRules({ landlock }: Plan): string[] {
  const byRights = new Map<string, string[]>();
  for (const { path, directory, rights } of landlock?.paths ?? []) {
    const key = names(rights, pathRightNames).join(" ");
    const list = byRights.get(key) ?? [];
    list.push(directory && path !== "/" ? `${path}/` : path);
    byRights.set(key, list);
  }
  return [...byRights].map(([rights, paths]) => `${rights}: ${paths.join(" ")}`);
}

function portRules({ landlock }: Plan): string[] {
  return (landlock?.ports ?? []).map(
    ({ port, rights }) => `${port}: ${names(rights, portRightNames).join(" ")}`,
  );
}

function section(title: string, items: readonly string[], width: number): string[] {
  return items.length === 0 ? [] : [title, ...items.flatMap((text) => item(text, width))];
}

/** Wrapped at spaces; continuation lines are indented one step more. */
function item(text: string, width: number): string[] {
  return [wrap(" ".repeat(INDENT) + text, width, " ".repeat(INDENT * 2))];
}
