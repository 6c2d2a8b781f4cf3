import { mkdirSync, writeFileSync } from "node:fs";
import { PRIVATE_FOLDER } from "../base/modes.ts";
import { type Places, sessionPrograms } from "../host/places.ts";
import { makeFolder, modesFor } from "../host/write-whole.ts";
import { sweepAgentLinks } from "./agent-link.ts";
import { loginVerb } from "./login.ts";
import type { Logins } from "./logins.ts";
import { OpenShells } from "./open-shells.ts";
import { RefusedLogins } from "./refused-logins.ts";
import { SessionServer } from "./server.ts";
import { Supershell } from "./supershell.ts";
import type { Passed, Verb } from "./verb.ts";
import { ViewServer } from "./view/view-server.ts";

const ROOTS_ALONE = PRIVATE_FOLDER;

/** Serves until SIGTERM and the end of the last session. Returns at once if another server runs. */
export async function serveSessions(places: Places, log: (text: string) => void): Promise<void> {
  const { sessions } = places.system;
  makeFolder(sessions.folder, modesFor(0));
  const logins: Logins = new Map();
  const supershell = new Supershell(places, logins, log);
  const view = new ViewServer(places, log);
  const shells = new OpenShells(places.system.runs);
  const refused = new RefusedLogins(places, (error) =>
    log(`refused logins could not be logged: ${error}`),
  );
  const verbs = new Map<string, Verb | Passed>([
    [sessions.login, loginVerb({ places, logins, shells, refused })],
    [sessions.supershell, supershell],
    [sessions.view, view],
  ]);
  const { attendant } = sessionPrograms(places.home);
  const server = SessionServer.open({ lock: sessions.lock, program: attendant, verbs, log });
  if (server === null) return log("another session server runs already");
  sweepAgentLinks(sessions.agents);
  for (const folder of [sessions.agents, sessions.empty])
    mkdirSync(folder, { recursive: true, mode: modesFor(0).folder });
  mkdirSync(sessions.behind, { recursive: true, mode: ROOTS_ALONE });
  // Removes the agent's protection from the OOM killer, which users' shells must not inherit.
  writeFileSync("/proc/self/oom_score_adj", "0");
  // When the terminal of one connection ends, the others stay.
  process.on("SIGHUP", () => undefined);
  await view.open();
  let viewClosed = Promise.resolve();
  const stop = (): void => {
    // This socket goes first: once the lock is free, the next server makes a socket of the same
    // name.
    viewClosed = view.close();
    server.stop();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, stop);
  log("ready");
  await server.run();
  await viewClosed;
  supershell.close();
  refused.close();
}
