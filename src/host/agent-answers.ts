import * as is from "../base/schema.ts";
import { levels, mediations } from "../model/policy.ts";

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
  /** In force for new starts and for processes that follow; null where it cannot be known. */
  level: is.nullable(level),
  policyLevel: is.nullable(level),
  /** When the level ends by itself. */
  until: is.nullable(time),
  engine: is.oneOf("landlock"),
  /** Of the next start. */
  mediation: is.nullable(mediation),
  /**
   * Whether a new level reaches what runs: `live`, `restart` where it does not for all, null where
   * nothing runs.
   */
  switch: is.nullable(is.oneOf("live", "restart")),
  runs: count,
  processes: count,
  eventsToday: count,
  state: is.oneOf("good", "bad"),
});

/** A domain as the control API lists it. */
export type ShownDomain = is.Described<typeof shownDomain>;

const shownRun = is.object({
  pid: count,
  mode: mediation,
  /** Level and policy follow the host's while it runs. */
  live: is.boolean,
  levelAtStart: level,
  holder: is.oneOf("alive", "lost"),
  /** `gone`: the run's first process has ended, and others of the run go on. */
  daemon: is.oneOf("alive", "gone"),
  uid: is.nullable(count),
  command: text,
  /**
   * `command` as a shell takes it; null where the daemon has written something else over it.
   */
  startedAs: is.nullable(text),
});

/** A run as the control API shows it. */
export type ShownRun = is.Described<typeof shownRun>;

const needsRestart = is.object({ pid: count, command: text, how: text });

/**
 * A running process that does not have what the host has decided since it started, and what to do
 * about it.
 */
export type NeedsRestart = is.Described<typeof needsRestart>;

/** Of `GET /v1/domains/{domain}`. */
export const shownDetails = is.object({
  ...shownDomain.members,
  file: text,
  problems: is.nullable(text),
  givenBy: is.nullable(is.object({ uid: count, name: is.nullable(text), since: time })),
  running: is.list(shownRun),
  units: is.list(text),
  /** As one file without includes and variables; null for those who do not own the domain. */
  policy: is.nullable(text),
});

export type ShownDetails = is.Described<typeof shownDetails>;

/** Of `GET /v1/domains`. */
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

/** A level that was given. */
export type ShownChange = is.Described<typeof shownChange>;

/** Of every request that gives or takes back a level. */
export const shownChanges = is.object({ changes: is.list(shownChange) });

export type ShownChanges = is.Described<typeof shownChanges>;

const reloadOutcome = is.object({
  name: text,
  number: is.nullable(count),
  /** `bad`: what was in force still is. */
  outcome: is.oneOf("unchanged", "changed", "new", "gone", "bad"),
  problems: is.nullable(text),
  /** Supervised processes that have the new policy already. */
  following: count,
  restart: is.list(needsRestart),
});

export type ReloadOutcome = is.Described<typeof reloadOutcome>;

/** Of every request that reloads. */
export const reloaded = is.object({ domains: is.list(reloadOutcome) });

export type Reloaded = is.Described<typeof reloaded>;

/** A program that the agent keeps alive. */
export const kept = is.object({
  state: is.oneOf("running", "starting", "waiting", "none"),
  pid: is.nullable(count),
  /** Since this agent started. */
  restarts: count,
});

export type KeptState = is.Described<typeof kept>;

/** The collector of the kernel's refusals. */
const refusals = is.object({
  ...kept.members,
  /** Why denials by Landlock are not seen; null: they are. */
  landlock: is.nullable(text),
  /** The same of refusals by the programs of control groups. */
  programs: is.nullable(text),
});

export type RefusalsState = is.Described<typeof refusals>;

/** Of `GET /v1/status`. */
export const agentStatus = is.object({
  pid: count,
  since: time,
  domains: count,
  levels: is.object({ enforcing: count, warning: count, disabled: count }),
  /** Those that are not at enforcing. */
  relaxed: is.list(is.object({ name: text, level, until: is.nullable(time) })),
  /** Those whose file cannot be used. */
  bad: is.list(text),
  runs: is.object({ sealed: count, supervised: count }),
  mediator: is.nullable(kept),
  sessions: is.nullable(kept),
  /** null where the agent collects none. */
  refusals: is.nullable(refusals),
  events: is.object({
    /** Of the host's present day, repeats counted. */
    today: is.object({ denied: count, warned: count, lost: count }),
    lost: count,
    problem: is.nullable(text),
    /** Why a sink cannot be had, by its name. */
    forwarding: is.record(text),
  }),
  refusedPeers: count,
  /** Resident bytes. */
  memory: is.number,
});

export type AgentStatus = is.Described<typeof agentStatus>;

/** Of a request that is refused, whatever it was. */
export const refusal = is.object({ error: text, help: text });
