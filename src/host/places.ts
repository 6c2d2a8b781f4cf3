import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { HOST_PINS } from "../kernel/bpf/lsm/layout.ts";
import { findControlGroups } from "../kernel/probe/caller.ts";
import { HostError } from "./host-error.ts";
import { type MachinePlaces, machinePlaces } from "./machine-places.ts";
import { type SessionPlaces, sessionPlaces, sessionPrograms } from "./session-places.ts";

export {
  type SessionPlaces,
  type SessionPrograms,
  sessionPlaces,
  sessionPrograms,
} from "./session-places.ts";

/**
 * For one caller, all absolute. The table is in ARCHITECTURE.md; `native/` finds plans by the same
 * one.
 */
export interface Places {
  /** Searched for `NAME.yaml`; the first folder that has it wins. */
  readonly policies: readonly string[];
  readonly plans: string;
  readonly runs: string;
  readonly events: string;
  /** `bin/`, `dist/`, `domains/`. */
  readonly home: string;
  /** The folder of the shipped policies; a package has them outside `home`. */
  readonly shipped: string;
  /** What every domain is denied, whatever it grants: folders and files. */
  readonly own: readonly string[];
  /**
   * What every domain may be granted to read and none to change: control groups carry the programs
   * of root's domains, and can freeze the processes in them; sockets and programs of the sandboxed
   * shell.
   */
  readonly kept: readonly string[];
  /** The same for every user. */
  readonly system: SystemPlaces;
  /**
   * The caller's domains are the host's: they have numbers and levels, and the agent knows them.
   */
  readonly asRoot: boolean;
}

/** Once per host: root's, readable for all users unless noted. */
export interface SystemPlaces {
  readonly numbers: string;
  /** Of levels that replace the policies' own. */
  readonly levels: string;
  /** Of grants that expire; a file for each domain that has some. */
  readonly exceptions: string;
  readonly table: string;
  /** Of the policies in force for running processes, by number. */
  readonly live: string;
  readonly runs: string;
  readonly control: string;
  /** How far the event log is forwarded. */
  readonly forwarding: string;
  /** Of what the agent has seen of domains at level warning. For root only. */
  readonly evidence: string;
  /**
   * Of grants that supervised domains used, by number (`domains/used-grants.ts`). For root only.
   */
  readonly used: string;
  readonly agentLock: string;
  /** For root only. */
  readonly mediatorSocket: string;
  readonly mediatorLock: string;
  /** Of the collector of the kernel's refusals. For root only. */
  readonly collectorLock: string;
  /** Its progress, for the next collector. */
  readonly collectorState: string;
  /** Where the kernel keeps the bpf-lsm engine, which outlives every process of ours. */
  readonly lsmPins: string;
  /** Which refusals it sees, and which not. */
  readonly collectorStatus: string;
  /** What the agent has told of names that sealed runs no longer reach. For root only. */
  readonly drift: string;
  readonly sessions: SessionPlaces;
  readonly machines: MachinePlaces;
}

export interface PlacesInput {
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Where `HOME/domains` leads, if the caller knows; by default to itself. */
  readonly shipped?: string;
  /** Where control groups are mounted. */
  readonly controlGroups?: readonly string[];
}

const system = {
  configuration: "/etc/cofferdam",
  runtime: "/run/cofferdam",
  log: "/var/log/cofferdam",
  state: "/var/lib/cofferdam",
};

export function systemPlaces(
  runtime = system.runtime,
  state = system.state,
  sessions: SessionPlaces = sessionPlaces(),
): SystemPlaces {
  return {
    numbers: join(state, "numbers.json"),
    levels: join(state, "levels"),
    exceptions: join(state, "exceptions"),
    table: join(runtime, "table"),
    live: join(runtime, "live"),
    runs: join(runtime, "runs"),
    control: join(runtime, "control.sock"),
    forwarding: join(state, "forwarding.json"),
    evidence: join(state, "evidence"),
    used: join(runtime, "used"),
    agentLock: join(runtime, "agent.lock"),
    mediatorSocket: join(runtime, "mediator.sock"),
    mediatorLock: join(runtime, "mediator.lock"),
    collectorLock: join(runtime, "collector.lock"),
    collectorState: join(runtime, "collector.state"),
    lsmPins: HOST_PINS,
    collectorStatus: join(runtime, "collector.status"),
    drift: join(runtime, "drift.json"),
    sessions,
    machines: machinePlaces(runtime, state),
  };
}

/** No ordinary user's domain is found there. */
export const ROOTS_POLICIES = join(system.configuration, "domains");

/** Relative XDG values are ignored, as the XDG base directory specification asks. */
function absolute(value: string | undefined): string | null {
  return value?.startsWith("/") ? value : null;
}

/** @throws HostError if an ordinary user has no HOME and no XDG variables to find places by */
export function places(input: PlacesInput): Places {
  const { uid, env, home, shipped = join(home, "domains"), controlGroups = [] } = input;
  const user = uid === 0 ? null : userPlaces(env);
  const configuration = user?.configuration ?? system.configuration;
  const plans = user?.plans ?? join(system.runtime, "plans");
  const log = user?.log ?? system.log;
  return {
    policies: [join(configuration, "domains"), shipped],
    plans,
    runs: join(dirname(plans), "runs"),
    events: join(log, "events.jsonl"),
    home,
    shipped,
    own: [
      ...Object.values(system),
      ...(user ? everyUserPlace(uid, env) : []),
      // package.json: node looks there first for what dist/ imports.
      ...["bin", "bpf", "dist", "domains", "node_modules", "package.json"].map((name) =>
        join(home, name),
      ),
      ...(shipped === join(home, "domains") ? [] : [shipped]),
    ],
    kept: [
      ...(uid === 0 ? [...controlGroups, systemPlaces().lsmPins] : []),
      ...[sessionPlaces().folder, systemPlaces().machines.sockets, sessionPrograms(home).inside],
    ],
    system: systemPlaces(),
    asRoot: uid === 0,
  };
}

export function launcherOf({ home }: Pick<Places, "home">): string {
  return join(home, "bin", "cofferdam");
}

/** What a launcher of root's reads besides {@link SystemPlaces} in `/run`; some may be missing. */
export function foldersOfStart({ home, shipped, system }: Places): readonly string[] {
  const configured = dirname(ROOTS_POLICIES);
  const { levels, exceptions } = system;
  return [join(home, "bin"), join(home, "dist"), shipped, configured, levels, exceptions];
}

function userPlaces(env: PlacesInput["env"]): {
  configuration: string;
  plans: string;
  log: string;
} {
  const home = absolute(env.HOME);
  const below = (variable: string, fallback: string): string => {
    const base = absolute(env[variable]) ?? (home === null ? null : join(home, fallback));
    if (base === null) {
      const what = variable === "" ? "HOME does not say" : `neither ${variable} nor HOME says`;
      throw new HostError(`${what} where your files lie`, "set HOME");
    }
    return base;
  };
  const runtime = absolute(env.XDG_RUNTIME_DIR);
  return {
    configuration: join(below("XDG_CONFIG_HOME", ".config"), "cofferdam"),
    plans: join(runtime ?? below("", ".cache"), "cofferdam", "plans"),
    log: join(below("XDG_STATE_HOME", ".local/state"), "cofferdam"),
  };
}

/**
 * The next start may have another environment. So every place where it might look is denied: the
 * domain could put files there.
 */
function everyUserPlace(uid: number, env: PlacesInput["env"]): readonly string[] {
  const environments = [
    env,
    { HOME: env.HOME },
    { HOME: env.HOME, XDG_RUNTIME_DIR: `/run/user/${uid}` },
  ];
  const known = environments
    .filter((one) => one === env || absolute(env.HOME) !== null)
    .map(userPlaces);
  return [
    ...new Set(
      known.flatMap(({ configuration, plans, log }) => [configuration, dirname(plans), log]),
    ),
  ];
}

/** The bundle lies in `HOME/dist/`, so its own path tells the program's folder. */
export function ownPlaces(): Places {
  const home = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
  const controlGroups = findControlGroups(readFileSync("/proc/self/mountinfo", "utf8"));
  const domains = join(home, "domains");
  const shipped = existsSync(domains) ? realpathSync(domains) : domains;
  return places({ uid: process.geteuid?.() ?? 0, env: process.env, home, shipped, controlGroups });
}
