import { join } from "node:path";
import { HostError } from "../host/host-error.ts";
import type { Places } from "../host/places.ts";
import { launcherOf, sessionPrograms } from "../host/places.ts";
import type { KeyCommand } from "../host/shell-sandbox/key-command.ts";
import { keyCommandOf } from "../host/shell-sandbox/login-key.ts";
import { statusOf } from "../host/whereabouts.ts";
import { accountOf } from "./account.ts";
import { linkAgent } from "./agent-link.ts";
import { asLoginOf } from "./as-login.ts";
import type { Connection } from "./connection.ts";
import { environmentOf } from "./environment.ts";
import { exchangeFolder } from "./exchange.ts";
import type { Logins } from "./logins.ts";
import { moveAhead } from "./move-ahead.ts";
import type { OpenShells } from "./open-shells.ts";
import { originOf } from "./origin.ts";
import { outsideRefusal, SHELL_DOMAIN } from "./peer.ts";
import type { RefusedLogins } from "./refused-logins.ts";
import { limitArguments, limitsOf } from "./resource-limits.ts";
import { startFor } from "./started.ts";
import { terminalOf } from "./terminal.ts";
import type { Verb } from "./verb.ts";
import type { Request } from "./wire.ts";

/** The account's own shell is not used. */
const SHELL = "/bin/bash";
/** Of util-linux: gives the shell the client's resource limits. */
const PRLIMIT = "/usr/bin/prlimit";
const SFTP_SERVER = "/usr/lib/openssh/sftp-server";
/** The exit status of a shell for a command that it may not execute. */
const NOT_EXECUTABLE = 126;
const END_SOME =
  "end some of them, or what they have left running (cofferdam ps shows both), and log in again";
const HINT =
  "cofferdam: this is the sandboxed shell; what it may not do, supershell may (docs/shell.md)\n";

export interface LoginServices {
  readonly places: Places;
  readonly logins: Logins;
  readonly shells: OpenShells;
  readonly refused: RefusedLogins;
}

/**
 * A sandboxed shell for a user outside every domain; the client is a child of sshd or of login(1).
 */
export function loginVerb(services: LoginServices): Verb {
  return {
    kind: "verb",
    begin: async (request, connection) => {
      try {
        await begin(services, request, connection);
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        connection.refuse(`${error.message}; ${error.help}`);
      }
    },
  };
}

async function begin(
  { places, logins, shells, refused: told }: LoginServices,
  request: Request,
  connection: Connection,
): Promise<void> {
  moveAhead();
  const { peer } = connection;
  const { sessions } = places.system;
  const account = accountOf(peer.uid, request.env.get("LOGNAME"));
  const key: KeyCommand =
    account === null ? { kind: "any" } : await keyCommandOf(request.env, peer.pid, account.name);
  if (connection.isClosed) return;
  const terminal = terminalOf(peer.pid, connection.terminals[0] ?? 0);
  const limits = limitArguments(limitsOf(peer.pid), limitsOf("self"));
  const asLogin = asLoginOf(peer.pid);
  const origin = originOf(peer.pid);
  const umask = Number.parseInt(statusOf(peer.pid, "Umask") ?? "0077", 8);
  // This check comes after all reads of /proc: if the peer is alive here, its process id was not
  // reused, and what was read is the peer's.
  const refused =
    outsideRefusal(peer, places) ?? (typeof terminal === "object" ? terminal.refused : null);
  if (key.kind === "refused") {
    connection.refuse(`no shell: ${key.why}`);
    return;
  }
  if (refused !== null || account === null) {
    connection.refuse(`no shell: ${refused ?? `user ${peer.uid} is not in /etc/passwd`}`);
    return;
  }
  const folder = exchangeFolder(sessions.exchange, account);
  const agent = linkAgent(
    sessions.agents,
    account.name,
    peer.pid,
    request.env.get("SSH_AUTH_SOCK"),
  );
  const { inside } = sessionPrograms(places.home);
  const asked = request.env.get("SSH_ORIGINAL_COMMAND");
  const command = inSandbox(key.kind === "one" ? key.command : commandOf(request));
  const start = {
    command: [
      ...asLogin,
      ...[launcherOf(places), "run", SHELL_DOMAIN],
      ...[
        "--set",
        `user=${account.name}`,
        "--set",
        `programs=${inside}`,
        "--set",
        `node=${process.execPath}`,
        "--",
        PRLIMIT,
        ...limits,
        SHELL,
      ],
      ...(command === null ? ["--rcfile", join(inside, "bashrc")] : ["-c", command]),
    ],
    env: {
      ...environmentOf(request.env, {
        user: account.name,
        home: folder,
        shell: SHELL,
        path: [inside, "/usr/bin", "/bin"],
        agent: agent?.path ?? null,
      }),
      // A forced command finds there what the client asked for, as under sshd.
      ...(key.kind === "one" && asked !== undefined ? { SSH_ORIGINAL_COMMAND: asked } : {}),
    },
    folder,
    umask,
    takesTerminal: terminal === "own",
    terminal: null,
  };
  const shell = shells.open(peer.uid);
  if (shell === null) {
    agent?.remove();
    const count = shells.of(peer.uid);
    const full = `user ${account.name} has ${count} sandboxed shells, as many as one user may have`;
    told.tell(peer, full);
    connection.refuse(`no shell: ${full}; ${END_SOME}`);
    return;
  }
  let run: number | null = null;
  try {
    startFor(connection, start, {
      started: (pid) => {
        run = pid;
        logins.set(pid, { origin });
        shell.started(pid);
      },
      over: (status) => {
        agent?.remove();
        if (run !== null) logins.delete(run);
        shell.over();
        connection.answer(status, status === NOT_EXECUTABLE && command !== null ? HINT : "");
      },
    });
  } catch (error) {
    agent?.remove();
    shell.over();
    throw error;
  }
}

/**
 * The command that ssh was asked to run, or that follows `-c` of a login shell. null for an
 * interactive shell.
 */
function commandOf({ args, env }: Request): string | null {
  return (args[0] === "-c" ? args[1] : env.get("SSH_ORIGINAL_COMMAND")) ?? null;
}

/** sshd's built-in server would run outside the sandbox. */
function inSandbox(command: string | null): string | null {
  return command?.replace(/^internal-sftp(?=\s|$)/, SFTP_SERVER) ?? null;
}
