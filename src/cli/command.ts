import type { ExitCode } from "../host/exit-code.ts";
import type { Places } from "../host/places.ts";

/** A question that cannot be answered; `program.ts` prints its two lines. */
export { HostError as CommandError } from "../host/host-error.ts";

/** What a command is given beside its arguments; tests make their own. */
export interface Context {
  readonly places: Places;
  /** Writes as it is; a command ends its lines itself. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Columns to fill; 80 where the output is no terminal. */
  readonly width: number;
  readonly color: boolean;
  /** Asks a question that yes or no answers; absent where nobody is at a terminal. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

/** Parsed options by their long name in camel case. */
export type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** One command as data: the parser, `--help` and the manual are made from it. */
export interface Command {
  readonly name: string;
  /**
   * As shown in the usage line: `<domain>` is required, `[domain]` is not, `<files...>` takes
   * several.
   */
  readonly operands: readonly { readonly name: string; readonly description: string }[];
  /** What stands behind the name in usage lines, where the operands' names alone do not say it. */
  readonly usage?: string;
  readonly summary: string;
  /** Paragraphs of the help text. */
  readonly description: readonly string[];
  readonly options: readonly CommandOption[];
  readonly examples: readonly { readonly line: string; readonly what: string }[];
  /** `cofferdam NAME SUBCOMMAND`; without a `run` of its own the command alone prints its help. */
  readonly subcommands?: readonly Command[];
  run?(
    context: Context,
    operands: readonly string[],
    options: Options,
  ): ExitCode | Promise<ExitCode>;
}

export interface CommandOption {
  /** As commander writes it, e.g. `--set <name=value>`. */
  readonly flags: string;
  readonly description: string;
  /** May be given several times and is collected. */
  readonly repeated?: boolean;
  /** Understood, but neither in `--help` nor in the manual. */
  readonly hidden?: boolean;
}

export const jsonOption: CommandOption = {
  flags: "--json",
  description: "print JSON for programs",
};

export const setOption: CommandOption = {
  flags: "--set <name=value>",
  description: "give a variable of the policy another value (repeatable)",
  repeated: true,
};

export const policyOption: CommandOption = {
  flags: "--policy <file>",
  description: "take this policy file instead of a domain's name",
};
