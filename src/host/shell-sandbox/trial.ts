import { spawnSync } from "node:child_process";
import { basename, join } from "node:path";
import type { PasswdEntry } from "../../compile/accounts.ts";
import { HostError } from "../host-error.ts";
import type { Places } from "../places.ts";
import { forceCommand, loginEnvironment } from "./sshd-drop-in.ts";

/** Milliseconds from the login's start to the end of its command. */
const LOGIN_MS = 20_000;
const LATE = "no end of it was seen in 20 seconds";

/**
 * Logs in as sshd would, through the account's own shell, and verifies that a command runs, and
 * runs inside.
 * @throws HostError for a login that fails, or is outside the sandbox
 */
export function tryLogin(places: Places, account: PasswdEntry): void {
  const who = `a sandboxed login of ${account.name}`;
  const works = login(places, account, "exit 7");
  if (works.status !== 7)
    throw new HostError(
      `${who} does not work: ${works.words}`,
      "cofferdam events and the messages of the agent may tell more",
    );
  // Refused to every domain, and readable for every user outside. access(2) would not do: it
  // answers in a domain as outside.
  const outside = login(places, account, `! : <${join(places.home, "dist", "cofferdam.js")}`);
  if (outside.status !== 0)
    throw new HostError(
      `${who} reads what no domain may: it is not in the sandbox`,
      "see cofferdam status",
    );
}

function login(places: Places, account: PasswdEntry, command: string) {
  const { name, uid, gid, shell } = account;
  const env = {
    ...{ USER: name, LOGNAME: name, SHELL: shell, PATH: "/usr/local/bin:/usr/bin:/bin" },
    SSH_ORIGINAL_COMMAND: command,
    ...loginEnvironment(places),
  };
  const args = ["-c", forceCommand(places)];
  const options = {
    argv0: basename(shell),
    env,
    uid,
    gid,
    cwd: "/",
    timeout: LOGIN_MS,
    // The client would relay any other signal.
    killSignal: "SIGKILL",
    encoding: "utf8",
  } as const;
  const { status, signal, stderr } = spawnSync(shell, args, options);
  return {
    status,
    words: stderr.trim().split("\n").at(-1) || (signal === null ? `status ${status}` : LATE),
  };
}
