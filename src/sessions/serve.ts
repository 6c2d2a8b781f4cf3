import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { Places } from "../host/places.ts";
import { makeFolder, modesFor } from "../host/write-whole.ts";
import { loginVerb } from "./login.ts";
import type { Logins } from "./logins.ts";
import { SessionServer } from "./server.ts";
import { Supershell } from "./supershell.ts";
import type { Verb } from "./verb.ts";
import { ViewServer } from "./view/view-server.ts";

/** Serves until SIGTERM and the end of the last session; returns at once where another server runs. */
export async function serveSessions(places: Places, log: (text: string) => void): Promise<void> {
  const { sessions } = places.system;
  makeFolder(sessions.folder, modesFor(0));
  const logins: Logins = new Map();
  const supershell = new Supershell(places, logins, log);
  const verbs: ReadonlyMap<string, Verb> = new Map([
    [sessions.login, loginVerb(places, logins)],
    [sessions.supershell, supershell],
  ]);
  const server = SessionServer.open({ lock: sessions.lock, verbs, log });
  if (server === null) return log("another one runs already");
  // Links of sessions whose server was killed.
  rmSync(sessions.agents, { recursive: true, force: true });
  for (const folder of [sessions.agents, sessions.empty])
    mkdirSync(folder, { recursive: true, mode: modesFor(0).folder });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => server.stop());
  // The agent's is not for what users run.
  writeFileSync("/proc/self/oom_score_adj", "0");
  // Its terminal's end is nobody else's.
  process.on("SIGHUP", () => undefined);
  const view = await ViewServer.open(places, log);
  log("ready");
  await server.run();
  // Shells that were open could look to the last.
  await view.close();
  supershell.close();
}
