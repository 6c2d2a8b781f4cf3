import type { Level } from "../../src/model/level.ts";
import type { SystemdHost } from "../host/shell-sandbox/systemd-host.ts";

/** A program that takes over a daemon: `break-in.c`, as a host has it. */
export const BREAK_IN = "/srv/break-in";

/** A Debian with systemd, on which daemons of the library come. */
export interface DaemonHost {
  readonly booted: SystemdHost;
  /** Until a client is answered, also on a busy machine, milliseconds. */
  readonly answerMs: number;
  /** Until what has happened is in the event log, milliseconds. */
  readonly toldMs: number;
  /** Debian's packages are installed afterwards. @throws Error if they cannot be had */
  ensure(packages: readonly string[]): void;
  /** The shipped policies are those of the clone as it is now. */
  renewPolicies(): void;
  /** @throws Error if the agent does not give it */
  giveLevel(domain: string, level: Level): void;
}

export function giveLevelByCommand(booted: SystemdHost, domain: string, level: Level): void {
  const { status, out, err } = booted.run("cofferdam", "domain", "level", domain, level);
  if (status !== 0) throw new Error(`${domain} is not at ${level}: ${out}${err}`);
}
