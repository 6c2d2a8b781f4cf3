import { shellSandboxState } from "../host/shell-sandbox/shell-sandbox.ts";
import type { Agent } from "./agent.ts";

/** How often the setting is looked at, milliseconds: it is made of files of sshd's and systemd's, which anybody may take away by hand. */
const LOOK_MS = 10_000;

/** Keeps the session server while any login is led to it. The end of the timer leaves everything as it is then. */
export function keepSessions({ sessions, places }: Pick<Agent, "sessions" | "places">): NodeJS.Timeout {
  const look = (): void => sessions?.keep(shellSandboxState(places) !== "off");
  look();
  return setInterval(look, LOOK_MS);
}
