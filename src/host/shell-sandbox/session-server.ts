import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { anything } from "../../base/schema.ts";
import { killChild } from "../../kernel/kill-child.ts";
import { askAgent, isAgentThere } from "../agent-client.ts";
import { HostError } from "../host-error.ts";
import { launcherOf, type Places } from "../places.ts";

/** Time for its first answer, milliseconds. */
const SERVER_START_MS = 20_000;
const LOOK_AGAIN_MS = 20;

/**
 * Only an agent restarts the session server, also after a restart of the host. @throws HostError
 * without an agent
 */
export async function requireAgent(places: Places): Promise<void> {
  if (await isAgentThere(places.system.control)) return;
  throw new HostError(
    "no agent runs on this host, which must keep the session server running",
    "start it: systemctl enable --now cofferdam-agent",
  );
}

/**
 * While the sandboxed shell is off, the agent keeps no session server, so one runs during `work`.
 * @throws HostError
 */
export async function withServer(places: Places, work: () => void): Promise<void> {
  if ((await problemOf(places)) === null) return work();
  const server = spawn(launcherOf(places), ["sessions"], {
    stdio: ["ignore", "ignore", "pipe"],
    cwd: "/",
    env: { PATH: process.env.PATH },
  });
  const words: Buffer[] = [];
  server.stderr?.on("data", (chunk: Buffer) => words.push(chunk));
  try {
    await untilItAnswers(places, server, () => Buffer.concat(words).toString("utf8").trim());
    work();
  } finally {
    await end(server);
  }
}

/** The agent keeps a session server from now on: it has noticed the change. @throws HostError */
export async function requireKept(places: Places): Promise<void> {
  await askAgent(anything, "POST", "/v1/sessions", undefined, places.system.control);
  await untilItAnswers(places, null, () => "the agent does not start one");
}

async function untilItAnswers(
  places: Places,
  server: ChildProcess | null,
  words: () => string,
): Promise<void> {
  for (const since = performance.now(); ; await pause(LOOK_AGAIN_MS)) {
    const problem = await problemOf(places);
    if (problem === null) return;
    const ended = server !== null && (server.exitCode !== null || server.signalCode !== null);
    if (!ended && performance.now() - since < SERVER_START_MS) continue;
    throw new HostError(
      `the session server does not answer (${problem}): ${words()}`,
      "cofferdam sessions in the foreground tells more",
    );
  }
}

/** null if it answers. */
function problemOf({ system }: Places): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(system.sessions.login, () => {
      socket.destroy();
      resolve(null);
    });
    socket.on("error", (error) => resolve("code" in error ? String(error.code) : error.message));
  });
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, "exit");
  killChild(server);
  await ended;
}
