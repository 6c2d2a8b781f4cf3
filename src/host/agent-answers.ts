import * as is from "../base/schema.ts";
import { exceptionSections } from "../model/exception-rules.ts";
import { levels, mediations, modes } from "../model/policy.ts";

/**
 * What the agent answers (docs/control-api.md), for both sides: the agent's handlers return these
 * types, and its clients read the answers by these schemas.
 */

const level = is.oneOf(...levels);
const mediation = is.oneOf(...mediations);
const { text } = is;
/** Wall clock, ISO 8601. */
const time = is.text;
const count = is.whole();

const shownDomain = is.object({
  name: text,
  number: count,
  /** In force for new starts and for processes that follow; null if unknown. */
  level: is.nullable(level),
  policyLevel: is.nullable(level),
  until: is.nullable(time),
  engine: is.oneOf("landlock", "bpf-lsm"),
  /** Of the next start. */
  mediation: is.nullable(mediation),
  /**
   * Whether a new level reaches running processes: `live`; `restart` if not all of them; null if
   * none runs.
   */
  switch: is.nullable(is.oneOf("live", "restart")),
  runs: count,
  processes: count,
  /** Those of them that the kernel's engine holds. */
  inKernel: is.added(count, 0),
  /** Those whose filter of system calls, of the kernel's engine, is that of another level. */
  filterBehind: is.added(count, 0),
  eventsToday: count,
  /** Granted names that running sealed processes no longer reach, as of the agent's last look. */
  drift: is.added(count, 0),
  /** Grants that end by themselves. */
  exceptions: is.added(count, 0),
  state: is.oneOf("good", "bad"),
});

export type ShownDomain = is.Described<typeof shownDomain>;

const shownRun = is.object({
  pid: count,
  mode: is.oneOf(...modes),
  live: is.boolean,
  levelAtStart: level,
  holder: is.oneOf("alive", "lost"),
  /** `gone`: the run's first process has ended, and others of the run go on. */
  daemon: is.oneOf("alive", "gone"),
  uid: is.nullable(count),
  command: text,
  /** `command` as a shell takes it; null if the daemon has overwritten its words. */
  startedAs: is.nullable(text),
});

export type ShownRun = is.Described<typeof shownRun>;

const needsRestart = is.object({ pid: count, command: text, how: text });

/** A running process that lacks what the host has decided since its start, and what to do. */
export type NeedsRestart = is.Described<typeof needsRestart>;

export const shownDetails = is.object({
  ...shownDomain.members,
  file: text,
  problems: is.nullable(text),
  givenBy: is.nullable(is.object({ uid: count, name: is.nullable(text), since: time })),
  running: is.list(shownRun),
  units: is.list(text),
  /** As one file without includes and variables; null for a caller that does not own the domain. */
  policy: is.nullable(text),
});

export type ShownDetails = is.Described<typeof shownDetails>;

export const shownDomains = is.object({ domains: is.list(shownDomain) });

export type ShownDomains = is.Described<typeof shownDomains>;

const shownChange = is.object({
  name: text,
  number: count,
  before: is.nullable(level),
  level,
  until: is.nullable(time),
  /** Supervised processes that have the new level already. */
  following: count,
  restart: is.list(needsRestart),
});

export type ShownChange = is.Described<typeof shownChange>;

/** Of every request that gives or removes a level. */
export const shownChanges = is.object({ changes: is.list(shownChange) });

export type ShownChanges = is.Described<typeof shownChanges>;

const reloadOutcome = is.object({
  name: text,
  number: is.nullable(count),
  /** `bad`: the policy in force did not change. */
  outcome: is.oneOf("unchanged", "changed", "new", "gone", "bad"),
  problems: is.nullable(text),
  /** Accounts that a start needs and the host does not have, a sentence each. */
  absent: is.added(is.list(text), []),
  /** Supervised processes that have the new policy already. */
  following: count,
  /** Changed words that those of them which started before do not follow until a restart. */
  notFollowed: is.added(is.list(text), []),
  restart: is.list(needsRestart),
});

export type ReloadOutcome = is.Described<typeof reloadOutcome>;

export const reloaded = is.object({ domains: is.list(reloadOutcome) });

export type Reloaded = is.Described<typeof reloaded>;

const shownException = is.object({
  domain: text,
  id: count,
  section: is.oneOf(...exceptionSections),
  line: text,
  by: is.object({ uid: count, name: is.nullable(text) }),
  since: time,
  until: time,
  why: text,
});

/** A grant that ends by itself. */
export type ShownException = is.Described<typeof shownException>;

export const shownExceptions = is.object({ exceptions: is.list(shownException) });

export type ShownExceptions = is.Described<typeof shownExceptions>;

export const addedException = is.object({
  exception: shownException,
  /** Why a person should think twice. */
  dangers: is.list(text),
  /** Denials of the policy that still win over some of it. */
  denials: is.list(text),
  /** Supervised processes that have it already. */
  following: count,
  /** Sealed processes, which have it after a restart. */
  restart: is.list(needsRestart),
});

export type AddedToDomain = is.Described<typeof addedException>;

export const endedExceptions = is.object({
  exceptions: is.list(shownException),
  following: count,
  /** Sealed processes, which keep it until a restart. */
  restart: is.list(needsRestart),
});

export type EndedInDomain = is.Described<typeof endedExceptions>;

/** Whose plan lies ready. */
export const madePlan = is.object({ domain: is.text, unit: is.text });

export type MadePlan = is.Described<typeof madePlan>;

/** Of a run in a unit. */
export const attachedPrograms = is.object({ domain: is.text, programs: is.list(is.text) });

export type AttachedPrograms = is.Described<typeof attachedPrograms>;

/** The launcher, in C, reads no more than that it was not refused. */
export const arrival = is.object({ domain: is.text, level });

export type Arrival = is.Described<typeof arrival>;

export const kept = is.object({
  state: is.oneOf("running", "starting", "waiting", "none"),
  pid: is.nullable(count),
  /** Since this agent started. */
  restarts: count,
});

export type KeptState = is.Described<typeof kept>;

const refusals = is.object({
  ...kept.members,
  /** Why denials by Landlock are not seen; null: they are. */
  landlock: is.nullable(text),
  /** The same for refusals by the programs of control groups. */
  programs: is.nullable(text),
  /** The same for capabilities that are used at level warning. */
  capabilities: is.added(is.nullable(text), null),
});

export type RefusalsState = is.Described<typeof refusals>;

const drift = is.object({
  /** Sealed runs that are watched, and the names that their rules are on. */
  runs: count,
  names: count,
  /** Names on network and user-space file systems, which are not looked at. */
  elsewhere: count,
  directories: count,
  /** What is not noticed at once, and why. */
  problems: is.list(text),
});

export type DriftState = is.Described<typeof drift>;

export const agentStatus = is.object({
  pid: count,
  since: time,
  domains: count,
  levels: is.object({ enforcing: count, warning: count, disabled: count }),
  /** Those below enforcing. */
  relaxed: is.list(is.object({ name: text, level, until: is.nullable(time) })),
  /** Domains with grants that end by themselves: how many, and when the first one ends. */
  exceptions: is.added(is.list(is.object({ name: text, count, until: time })), []),
  /** Those whose file cannot be used. */
  bad: is.list(text),
  runs: is.object({ sealed: count, supervised: count }),
  mediator: is.nullable(kept),
  sessions: is.nullable(kept),
  /** null if the agent collects none. */
  refusals: is.nullable(refusals),
  /** null from an agent that does not watch. */
  drift: is.added(is.nullable(drift), null),
  events: is.object({
    /** Of the host's present day, repeats counted. */
    today: is.object({ denied: count, warned: count, lost: count }),
    lost: count,
    problem: is.nullable(text),
    /** Why a sink is unavailable, by its name. */
    forwarding: is.record(text),
  }),
  refusedPeers: count,
  /** Resident bytes. */
  memory: is.number,
});

export type AgentStatus = is.Described<typeof agentStatus>;

export const refusal = is.object({ error: text, help: text });
