export interface Words {
  /** null for an interactive session. */
  readonly command: string | null;
  readonly reason: string | null;
}

/**
 * A longer command is refused, because a record would have to cut it, and the auditor must see all
 * of it.
 */
const COMMAND_LENGTH_MAX = 4_096;
const REASON_LENGTH_MAX = 256;

export const SUPERSHELL_USAGE = `usage: supershell [--reason TEXT] [-c COMMAND]
Opens a root shell outside the sandbox, or runs one command there. Only root and members of the
group cofferdam may. Each use is logged.
`;

/** Parses the arguments of `supershell`; a text says what is wrong with them. */
export function parseWords(args: readonly string[]): Words | string {
  let command: string | null = null;
  let reason: string | null = null;
  for (let at = 0; at < args.length; at += 2) {
    const [option, value] = args.slice(at, at + 2);
    if (value === undefined)
      return `cofferdam: supershell: \`${option}\` cannot stand here alone\n${SUPERSHELL_USAGE}`;
    if (option === "-c" && command === null) command = value;
    else if (option === "--reason" && reason === null) reason = value;
    else
      return (
        `cofferdam: supershell: there is no \`${option}\`, or it was given before\n` +
        `${SUPERSHELL_USAGE}`
      );
  }
  if ((command?.length ?? 0) > COMMAND_LENGTH_MAX)
    return (
      `cofferdam: supershell: a command has at most ${COMMAND_LENGTH_MAX} characters\n  ` +
      "help: give a longer one on standard input\n"
    );
  if ((reason?.length ?? 0) > REASON_LENGTH_MAX)
    return `cofferdam: supershell: a reason has at most ${REASON_LENGTH_MAX} characters\n`;
  return { command, reason };
}
