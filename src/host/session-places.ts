import { join } from "node:path";

/**
 * Of the sandboxed shell (docs/shell.md). Outside the runtime folder, which every domain is denied:
 * domain `shell` connects here, and may change nothing.
 */
export interface SessionPlaces {
  readonly folder: string;
  /** For processes in no domain: a sandboxed shell for the connecting user. */
  readonly login: string;
  /** For domain `shell` alone: out of the sandbox. */
  readonly supershell: string;
  /** For domain `shell` alone: what `cofferdam top` and `cofferdam support` show. */
  readonly view: string;
  /** Root's alone: the socket to which attendants relay peers of `view`. */
  readonly behind: string;
  /** `USER/ID.sock`: agents of ssh that came along. */
  readonly agents: string;
  /** Holds nothing: where shells that sshd starts before the sandbox look for start-up files. */
  readonly empty: string;
  readonly lock: string;
  /** `USER`: home of the sandboxed shell, where scp and sftp land. */
  readonly exchange: string;
}

/** Programs of the sandboxed shell in an installation's folder. */
export interface SessionPrograms {
  /** sshd's ForceCommand, and the login shell on the console; for outside the sandbox. */
  readonly login: string;
  /**
   * First on PATH inside the sandbox; the one folder of the installation that domains may be
   * granted.
   */
  readonly inside: string;
  /** What the session server starts for each connection. */
  readonly attendant: string;
  readonly supershell: string;
  /** `cofferdam` inside the sandbox: `top` and `support`. */
  readonly cofferdam: string;
}

const sessions = { folder: "/run/cofferdam-sessions", exchange: "/var/spool/cofferdam" };

export function sessionPlaces(
  folder = sessions.folder,
  exchange = sessions.exchange,
): SessionPlaces {
  return {
    folder,
    login: join(folder, "login.sock"),
    supershell: join(folder, "supershell.sock"),
    view: join(folder, "view.sock"),
    behind: join(folder, "behind"),
    agents: join(folder, "agents"),
    empty: join(folder, "empty"),
    lock: join(folder, "lock"),
    exchange,
  };
}

export function sessionPrograms(home: string): SessionPrograms {
  const inside = join(home, "shell");
  return {
    login: join(home, "bin", "cofferdam-login"),
    inside,
    attendant: join(home, "bin", "cofferdam-attendant"),
    supershell: join(inside, "supershell"),
    cofferdam: join(inside, "cofferdam"),
  };
}
