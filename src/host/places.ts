import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
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
 * Where things lie for one caller, all absolute. The table is in ARCHITECTURE.md; `native/` finds
 * plans by the same one.
 */
export interface Places {
  /** Folders in which `NAME.yaml` is looked for; the first that has it wins. */
  readonly policies: readonly string[];
  readonly plans: string;
  /** Records of the caller's runs (`domains/runs.ts`). */
  readonly runs: string;
  readonly events: string;
  /** The program's own folder: `bin/`, `dist/`, `domains/`. */
  readonly home: string;
  /** The folder of the shipped policies; a package has them outside `home`. */
  readonly shipped: string;
  /** What every domain is denied, whatever it grants: folders and files. */
  readonly own: readonly string[];
  /**
   * What every domain may be granted to read and none to change: control groups carry the programs
   * of root's domains, and can freeze whoever is in them; sockets and programs of the sandboxed
   * shell.
   */
  readonly kept: readonly string[];
  /** Of the host as a whole, whoever asks. */
  readonly system: SystemPlaces;
  /**
   * The caller's domains are the host's: they have numbers and levels, and the agent knows them.
   */
  readonly asRoot: boolean;
}

/** What there is once on a host; root's, readable for everybody but where noted. */
export interface SystemPlaces {
  readonly numbers: string;
  /** Folder of the levels that were given instead of the policies' own. */
  readonly levels: string;
  readonly table: string;
  /** Folder of the policies in force for running processes, by number. */
  readonly live: string;
  readonly runs: string;
  readonly control: string;
  /** How far the event log is forwarded. */
  readonly forwarding: string;
  readonly agentLock: string;
  /** Root alone. */
  readonly mediatorSocket: string;
  readonly mediatorLock: string;
  /** Of the process that collects what the kernel refuses sealed domains. Root alone. */
  readonly collectorLock: string;
  /** How far it is, for the next one. */
  readonly collectorState: string;
  /** What it sees, and what not. */
  readonly collectorStatus: string;
  readonly sessions: SessionPlaces;
  readonly machines: MachinePlaces;
}

export interface PlacesInput {
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Where `HOME/domains` leads, for a caller that has looked; by default to itself. */
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

/** The places of a host whose state and runtime folders are these. */
export function systemPlaces(
  runtime = system.runtime,
  state = system.state,
  sessions: SessionPlaces = sessionPlaces(),
): SystemPlaces {
  return {
    numbers: join(state, "numbers.json"),
    levels: join(state, "levels"),
    table: join(runtime, "table"),
    live: join(runtime, "live"),
    runs: join(runtime, "runs"),
    control: join(runtime, "control.sock"),
    forwarding: join(state, "forwarding.json"),
    agentLock: join(runtime, "agent.lock"),
    mediatorSocket: join(runtime, "mediator.sock"),
    mediatorLock: join(runtime, "mediator.lock"),
    collectorLock: join(runtime, "collector.lock"),
    collectorState: join(runtime, "collector.state"),
    collectorStatus: join(runtime, "collector.status"),
    sessions,
    machines: machinePlaces(runtime, state),
  };
}

/** Where root's policies are; no ordinary user's domain is found there. */
export const ROOTS_POLICIES = join(system.configuration, "domains");

/** Relative XDG values are ignored, as the XDG base directory specification asks. */
function absolute(value: string | undefined): string | null {
  return value?.startsWith("/") ? value : null;
}

/** @throws HostError when an ordinary user has no HOME and no XDG variables to find places by. */
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
      ...(uid === 0 ? controlGroups : []),
      ...[sessionPlaces().folder, systemPlaces().machines.sockets, sessionPrograms(home).inside],
    ],
    system: systemPlaces(),
    asRoot: uid === 0,
  };
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
 * The next start may have another environment: what is planted where that one looks must be denied
 * by this one.
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

/**
 * The places of whoever runs this process. The bundle lies in `HOME/dist/`, so that its own path
 * tells the program's folder.
 */
export function ownPlaces(): Places {
  const home = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
  const controlGroups = findControlGroups(readFileSync("/proc/self/mountinfo", "utf8"));
  const domains = join(home, "domains");
  const shipped = existsSync(domains) ? realpathSync(domains) : domains;
  return places({ uid: process.geteuid?.() ?? 0, env: process.env, home, shipped, controlGroups });
}
