import { existsSync } from "node:fs";
import { hostAccounts } from "../compile/accounts.ts";
import { socketsOf } from "../host/units/sockets-of-unit.ts";
import type { DraftHead } from "./draft-text.ts";
import type { Evidence, Source } from "./evidence.ts";
import { modulesOf } from "./interpreters.ts";
import { ofHome } from "./of-home.ts";
import { ofPackages } from "./of-package.ts";
import { type Seen, seenOf } from "./of-process.ts";
import { ofProgram } from "./of-program.ts";
import { descriptionOf, entryOfUnit, isRootsUnit, ofUnit } from "./of-unit.ts";
import { ofWords, scriptOf } from "./of-words.ts";
import type { Subject } from "./subject.ts";

/** What every policy needs, whatever the daemon. */
const always: readonly Evidence[] = [
  { section: "include", line: "base", why: "what every program touches" },
  { section: "inherit", line: "stdio", why: "standard input, output and error" },
  { section: "syscalls", line: "@system-service", why: "what systemd counts as a service's" },
  { section: "signals", line: "self", why: "its own processes" },
].map((one) => ({ ...one, witness: "cofferdam" }) as Evidence);

/** The C library does without a cache of names: where none is installed, nothing is missed. */
export function ofCache(
  program = "/usr/sbin/nscd",
  socket = "/run/nscd/socket",
): readonly Evidence[] {
  const why = "lookups go without nscd, which this host does not have";
  return existsSync(program) || existsSync(socket)
    ? []
    : [{ section: "include", line: "without-nscd", why, witness: "cofferdam" }];
}

export interface Collected {
  readonly evidence: readonly Evidence[];
  readonly seen: Seen;
}

/** All that speaks for a line of the subject's policy. */
export function collect(subject: Subject): Collected {
  const { unit, started, folder, pids } = subject;
  const isRunning = isProcess(subject);
  const seen = seenOf(pids, new Date().toISOString());
  // An interpreter's package says nothing of what it runs.
  const own = started
    .filter(({ isDaemon }) => isDaemon)
    .map((one) => (isRunning ? null : scriptOf(one, folder)) ?? one.program)
    .filter((path) => modulesOf(path) === null);
  const fragment = unit?.properties.get("FragmentPath") ?? "";
  const words = started.flatMap((one) => ofWords(one, folder));
  return {
    evidence: [
      ...always,
      ...ofCache(),
      ...(unit === null ? [] : ofUnit(unit, socketsOf(unit))),
      ...started.flatMap(ofProgram),
      // A process can write over its words.
      ...(isRunning ? words.map((one) => ({ ...one, isProgram: false, doubt: ofWriter })) : words),
      ...ofPackages(fragment === "" ? own : [...own, fragment]),
      ...(unit === null ? [] : ofHome(unit, userOf(seen))),
      ...identity(subject, seen),
    ],
    seen,
  };
}

const ofWriter = "a process can write what it likes over its own arguments";

/** Not a unit's, and not yet to be started: its arguments are its own. */
function isProcess({ unit, pids }: Subject): boolean {
  return unit === null && pids.length > 0;
}

function userOf({ uids }: Seen): string | null {
  return hostAccounts().users.find(({ uid }) => uid === uids?.effective)?.name ?? null;
}

/** What a running process has become tells what it needs to become that. */
function identity({ unit, pids }: Subject, seen: Seen): Evidence[] {
  const { uids, capabilities } = seen;
  const [pid] = pids;
  const user = userOf(seen);
  const source: Source = { why: `process ${pid} runs as ${user}`, witness: "process" };
  const has: Source = { why: `process ${pid} has it`, witness: "process" };
  const held = capabilities.map((line) => ({ section: "capabilities" as const, line, ...has }));
  if (uids === null || user === null || uids.effective === 0) return held;
  if (unit !== null && isRootsUnit(unit))
    return [
      ...["setuid", "setgid"].map((line) => ({
        ...{ section: "capabilities" as const, line, ...source },
        why: `process ${pid} started as root and became ${user} itself`,
      })),
      ...held,
    ];
  return unit === null && uids.saved !== 0
    ? [{ section: "user", line: user, ...source }, ...held]
    : held;
}

export function headOf(name: string, subject: Subject): DraftHead {
  const { target, unit, outside, started, folder } = subject;
  const [first] = started;
  const program = first?.program ?? "";
  // Of what an interpreter runs, other programs of the host would be its processes, too.
  const isAny =
    first !== undefined &&
    (isProcess(subject) ? modulesOf(program) : scriptOf(first, folder)) !== null;
  const quoted = /^[\w./-]+$/.test(program) ? program : JSON.stringify(program);
  const left =
    outside.length === 0
      ? ""
      : `; a sealed run signals only itself, so that ${outside.join("= and ")}= run as before`;
  return {
    ...{ name, target },
    summary: unit === null ? `${name} (${program})` : descriptionOf(unit),
    entries:
      unit === null
        ? [{ line: `{ exec: ${quoted} }`, why: first?.source.why ?? "" }].slice(isAny ? 1 : 0)
        : [{ line: entryOfUnit(unit, outside), why: `the unit${left}` }],
  };
}
