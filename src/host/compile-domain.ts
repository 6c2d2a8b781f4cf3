import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { prepareCgroup } from "../compile/cgroup/prepare.ts";
import { type Compiled, compile } from "../compile/compile.ts";
import type { PrepareCgroup } from "../compile/options.ts";
import { hasError } from "../diagnostics/diagnostic.ts";
import { policyTag } from "../domains/identity.ts";
import { overridePath } from "../domains/levels.ts";
import { LiveTable } from "../domains/live-table.ts";
import { holdsInKernel, type Level, type Mode, type Policy } from "../model/policy.ts";
import { checkErrors } from "../policy/3-check/check.ts";
import { checkContext } from "./check-context.ts";
import { engineFiles, entersInKernel } from "./engine.ts";
import { beginHost, type Host, programFiles } from "./host.ts";
import { LiveSockets, tableTag } from "./live-sockets.ts";
import { load, type Settings, type Wanted } from "./load.ts";
import type { Places } from "./places.ts";
import { standingOf } from "./standing.ts";

/** `prepare` makes the cgroup that carries the domain's programs, `look` only names it. */
type Effect = "prepare" | "look";

/** For plans that are only shown. */
const lookOnly: PrepareCgroup = (_policy, _automaton, { domain, cgroup2 }) =>
  Promise.resolve({ anchor: `${cgroup2}/cofferdam/${domain}`, programs: [] });

/** A stale anchor is removed and made once more. */
const PREPARATIONS_MAX = 2;

/** Programs that follow the host's table get its values before any process can be under them. */
function prepareInForce(places: Places): PrepareCgroup {
  return async (policy, automaton, target) => {
    const plan = await prepareCgroup(policy, automaton, target);
    if (target.control.number === null) return plan;
    const table = LiveTable.open(places.system.table);
    try {
      new LiveSockets(places, table, null).bringUpToDate(plan.anchor);
      for (let made = 1; made < PREPARATIONS_MAX && !existsSync(plan.anchor); made++)
        await prepareCgroup(policy, automaton, target);
      return plan;
    } finally {
      table.close();
    }
  };
}

export interface CompileRequest {
  readonly set?: Settings;
  readonly effect: Effect;
  /** For one run, instead of the host's level for the domain; it stays while the run lasts. */
  readonly level?: Level;
  /** As the caller has just read it; read anew if left out. */
  readonly host?: Host;
  /** Instead of the policy's own. */
  readonly mediation?: Mode;
  /** Supplementary groups that a unit gives its processes. */
  readonly groups?: readonly string[];
  /** The root that the processes of the domain see, without a slash; by default the caller's. */
  readonly root?: string;
}

export interface CompiledDomain extends Compiled {
  /** For messages. */
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * Errors that prevent a plan are in the diagnostics, with the compiler's other findings; warnings
 * about the policy's text are for `check`.
 */
export async function compileDomain(
  places: Places,
  wanted: Wanted,
  request: CompileRequest,
): Promise<CompiledDomain> {
  const given = request.host;
  const lookAtHost = given === undefined ? beginHost(request.root) : () => given;
  const loaded = load(places, wanted, request.set);
  const { policy, diagnostics, sources, files, absent, identities, until } = loaded;
  const host = lookAtHost();
  const loadErrors = diagnostics.filter((diagnostic) => hasError([diagnostic]));
  if (policy === null) return { plan: null, diagnostics: loadErrors, sources };
  // Read before they are relied on: a later change makes the plan stale.
  const relied = [...programFiles(places), ...(places.asRoot ? engineFiles(places) : [])];
  for (const one of [...relied, overridePath(places.system.levels, policy.name)])
    host.snapshot.look(one);
  const file = files[0] === undefined ? {} : { file: files[0] };
  const standing = standingOptions(places, policy, files, request);
  // What only a sealed domain cannot have is an error only if this one would be sealed.
  const inForce = {
    ...policy,
    level: standing.level,
    mediation: request.mediation ?? policy.mediation,
  };
  // The kernel's engine holds what a supervised domain may have.
  const held = standing.inKernel ? { ...inForce, mediation: "supervised" as const } : inForce;
  const onHost = checkErrors(held, {
    ...checkContext(places, host),
    ...{ ...file, kept: [...files, ...places.kept] },
  });
  const errors = [...loadErrors, ...onHost];
  if (errors.length > 0) return { plan: null, diagnostics: errors, sources };
  const compiled = await compile(inForce, {
    otherRoot: request.root !== undefined,
    groups: request.groups ?? [],
    ...{ ...host, ...standing, files, absent, identities },
    until: earlier(until, standing.until),
    ...{ own: places.own, kept: places.kept },
    policyTag: isNamed(wanted, request) ? policyTag(policy) : null,
    program: relied,
    prepareCgroup: request.effect === "prepare" ? prepareInForce(places) : lookOnly,
  });
  return { ...compiled, sources };
}

function earlier(...ends: readonly (number | null)[]): number | null {
  const known = ends.filter((end) => end !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/**
 * A start of the host's domain as it is. With a level or values of its own it is none that the
 * kernel's engine could hold beside others. What decides for processes that run is of the other
 * engine, and so are virtual machines, which are known by the records of their runs.
 */
function isStart(
  { system }: Places,
  [file = ""]: readonly string[],
  { effect, level, set, mediation }: CompileRequest,
): boolean {
  const isAsItIs = level === undefined && Object.keys(set ?? {}).length === 0;
  const isMachines = dirname(file) === system.machines.running;
  return effect === "prepare" && mediation === undefined && isAsItIs && !isMachines;
}

/**
 * A look at what no other engine starts is one at the kernel's start. Others see what landlock
 * would do.
 */
function isOfKernel(
  places: Places,
  policy: Policy,
  files: readonly string[],
  request: CompileRequest,
  number: number | null,
): boolean {
  if (number !== null && isStart(places, files, request)) return true;
  const { effect, mediation, set = {} } = request;
  const isLook = effect === "look" && mediation === undefined && Object.keys(set).length === 0;
  return isLook && places.asRoot && holdsInKernel(policy);
}

/** Whether a later start by the domain's name gets this policy, unless its file changes. */
function isNamed(wanted: Wanted, { set }: CompileRequest): boolean {
  return "name" in wanted && Object.keys(set ?? {}).length === 0;
}

/**
 * With given values of variables the table's policy is another one: such a run keeps what it
 * started with.
 */
function standingOptions(
  places: Places,
  policy: Policy,
  files: readonly string[],
  request: CompileRequest,
) {
  const { level, set, effect } = request;
  const standing = standingOf(places, policy, files, effect === "prepare");
  return {
    number: standing.number,
    level: level ?? standing.level,
    // A policy for processes that run already does not end with the level.
    until: level === undefined && request.mediation === undefined ? standing.until : null,
    fixed: level !== undefined,
    inKernel: isOfKernel(places, policy, files, request, standing.number) && entersInKernel(places),
    live: places.asRoot && Object.keys(set ?? {}).length === 0,
    events: dirname(places.events),
    table: tableTag(places),
    ...(standing.levelFile === null ? {} : { levelFile: standing.levelFile }),
  };
}
