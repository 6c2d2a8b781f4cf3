const language = /^(TERM|COLORTERM|LANG|LANGUAGE|LC_[A-Z]+)$/;
/** Accepts no path: the C library would open a file that such a variable names. */
const plain = /^[\w.@:+-]*$/;
/** Set by sshd. */
const connection = /^(SSH_CLIENT|SSH_CONNECTION|SSH_TTY)$/;

type Environment = Record<string, string>;

function picked(
  client: ReadonlyMap<string, string>,
  isWanted: (name: string, value: string) => boolean,
): Environment {
  return Object.fromEntries([...client].filter(([name, value]) => isWanted(name, value)));
}

/**
 * The part of a client's environment that may reach programs of root's, some of which run before
 * the shell does.
 */
export function languageOf(client: ReadonlyMap<string, string>): Environment {
  return picked(client, (name, value) => language.test(name) && plain.test(value));
}

export interface EnvironmentInput {
  readonly user: string;
  readonly home: string;
  readonly shell: string;
  /** Directories, in the order of the search. */
  readonly path: readonly string[];
  readonly agent: string | null;
}

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
