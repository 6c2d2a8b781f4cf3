import { spawn, spawnSync } from "node:child_process";
import { connect } from "node:net";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { agentIfThere } from "../agent-client.ts";
import { HostError } from "../host-error.ts";
import type { Places } from "../places.ts";
import type { LoginAccount } from "./login-shells.ts";
import { forcedBySshd, loginEnvironment } from "./sshd-drop-in.ts";

/** A login, from its start to the end of its command, milliseconds. */
const LOGIN_MS = 20_000;
/** For a session server to answer, and between two looks whether it does, milliseconds. */
const SERVER_MS = 20_000;
const LOOK_MS = 50;
const serverHelp = "see that the agent runs: systemctl enable --now cofferdam-agent, and cofferdam status";

/**
 * Starts the session server where none answers; the agent keeps it from then on, or, where the setting stays off, lets it be.
 * @throws HostError where nobody would open a sandboxed shell
 */
export async function checkServer(places: Places): Promise<void> {
  const { login } = places.system.sessions;
  if ((await problemAt(login)) === null) return;
  if ((await agentIfThere("/v1/status", places.system.control)) === null)
    throw new HostError("no agent runs, which keeps the session server alive", serverHelp);
  const args = [join(places.home, "dist", "cofferdam.js"), "sessions"];
  const env = { PATH: process.env.PATH };
  spawn(process.execPath, args, { detached: true, stdio: "ignore", cwd: "/", env }).unref();
  const deadline = performance.now() + SERVER_MS;
  let problem = await problemAt(login);
  while (problem !== null && performance.now() < deadline) {
    await pause(LOOK_MS);
    problem = await problemAt(login);
  }
  if (problem !== null)
    throw new HostError(
      `the session server does not answer on ${login}: ${problem}`,
      "start it by hand to see why: cofferdam sessions",
    );
}

/** Why nobody answers; null where somebody does. */
function problemAt(socket: string): Promise<string | null> {
  return new Promise((resolve) => {
    const connection = connect(socket, () => {
      connection.destroy();
      resolve(null);
    });
    connection.on("error", (error) => resolve("code" in error ? String(error.code) : error.message));
  });
}

/**
 * Logs in as sshd would, through the account's own shell, and sees that a command runs and that it does not run outside.
 * @throws HostError for a login that fails, or is none of the sandbox
 */
export function tryLogin(places: Places, account: LoginAccount): void {
  const who = `a sandboxed login of ${account.name}`;
  const works = login(places, account, "exit 7");
  if (works.status !== 7)
    throw new HostError(`${who} does not work: ${works.words}`, `${serverHelp}, and cofferdam events`);
  // The runtime folder is refused to every domain, and read by everybody outside.
  const outside = login(places, account, `test ! -r ${places.system.table}`);
  if (outside.status !== 0)
    throw new HostError(`${who} reads what no domain may: it is not in the sandbox`, "see cofferdam status");
}

function login(places: Places, account: LoginAccount, command: string) {
  const { name, uid, gid, shell } = account;
  const env = {
    ...{ USER: name, LOGNAME: name, SHELL: shell, PATH: "/usr/local/bin:/usr/bin:/bin" },
    ...{ SSH_CLIENT: "127.0.0.1 0 22", SSH_CONNECTION: "127.0.0.1 0 127.0.0.1 22", SSH_ORIGINAL_COMMAND: command },
    ...loginEnvironment(places),
  };
  const args = ["-c", forcedBySshd(places).ForceCommand ?? ""];
  const options = { argv0: basename(shell), env, uid, gid, cwd: "/", timeout: LOGIN_MS, encoding: "utf8" } as const;
  const { status, signal, stderr } = spawnSync(shell, args, options);
  return { status, words: stderr.trim().split("\n").at(-1) || `status ${status ?? signal}` };
}
