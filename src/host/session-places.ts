import { join } from "node:path";

/**
 * The sandboxed shell's (docs/shell.md). Outside the runtime folder, which every domain is denied:
 * domain `shell` connects here, and may change nothing.
 */
export interface SessionPlaces {
  readonly folder: string;
  /** For processes in no domain: a sandboxed shell for the connecting user. */
  readonly login: string;
  /** For domain `shell` only: out of the sandbox. */
  readonly supershell: string;
  /** For domain `shell` only: the data of `cofferdam top` and `cofferdam support`. */
  readonly view: string;
  /** For root only: attendants relay peers of `view` to this socket. */
  readonly behind: string;
  /** `USER/ID.sock`: forwarded ssh agents. */
  readonly agents: string;
  /** Empty: shells that sshd starts before the sandbox look here for start-up files. */
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
