/** Of the client's environment these alone reach the shell: root's programs on the way there have them too. */
const kept = /^(TERM|COLORTERM|LANG|LANGUAGE|LC_[A-Z]+|SSH_CLIENT|SSH_CONNECTION|SSH_TTY)$/;

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
): Record<string, string> {
  return {
    ...Object.fromEntries([...client].filter(([name]) => kept.test(name))),
    USER: user,
    LOGNAME: user,
    HOME: home,
    SHELL: shell,
    PATH: path.join(":"),
    ...(agent === null ? {} : { SSH_AUTH_SOCK: agent }),
  };
}
