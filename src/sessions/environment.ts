/** Terminal and language. */
const language = /^(TERM|COLORTERM|LANG|LANGUAGE|LC_[A-Z]+)$/;
/** No name of a file: the C library opens what is named here. */
const plain = /^[\w.@:+-]*$/;
/** As sshd sets them. */
const connection = /^(SSH_CLIENT|SSH_CONNECTION|SSH_TTY)$/;

type Environment = Record<string, string>;

function picked(
  client: ReadonlyMap<string, string>,
  isWanted: (name: string, value: string) => boolean,
): Environment {
  return Object.fromEntries([...client].filter(([name, value]) => isWanted(name, value)));
}

/** What of a client's environment may reach root's programs: some are on the way to the shell. */
export function languageOf(client: ReadonlyMap<string, string>): Environment {
  return picked(client, (name, value) => language.test(name) && plain.test(value));
}

export interface EnvironmentInput {
  readonly user: string;
  readonly home: string;
  readonly shell: string;
  /** Folders, first to last. */
  readonly path: readonly string[];
  /** Socket of an agent of ssh. */
  readonly agent: string | null;
}

/** The sandboxed shell's environment. */
export function environmentOf(
  client: ReadonlyMap<string, string>,
  { user, home, shell, path, agent }: EnvironmentInput,
): Environment {
  return {
    ...languageOf(client),
    ...picked(client, (name) => connection.test(name)),
    USER: user,
    LOGNAME: user,
    HOME: home,
    SHELL: shell,
    PATH: path.join(":"),
    ...(agent === null ? {} : { SSH_AUTH_SOCK: agent }),
  };
}
