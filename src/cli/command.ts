import type { ExitCode } from "../host/exit-code.ts";
import type { Places } from "../host/places.ts";

/** For a question that has no answer; `program.ts` prints its message and help. */
export { HostError as CommandError } from "../host/host-error.ts";

export interface Context {
  readonly places: Places;
  /** Writes text as it is; the command ends its lines. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Columns of the terminal; 80 if the output is no terminal. */
  readonly width: number;
  readonly color: boolean;
  /** Asks a yes-or-no question; absent without a terminal. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

/** Options by their long name in camel case. */
export type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** One command, as data for the parser, `--help` and the manual. */
export interface Command {
  readonly name: string;
  /**
   * As in the usage line: `<domain>` is required, `[domain]` optional, `<files...>` takes several.
   */
  readonly operands: readonly { readonly name: string; readonly description: string }[];
  /** What follows the name in usage lines, if the names of the operands do not say enough. */
  readonly usage?: string;
  readonly summary: string;
  readonly description: readonly string[];
  readonly options: readonly CommandOption[];
  readonly examples: readonly { readonly line: string; readonly what: string }[];
  /** `cofferdam NAME SUBCOMMAND`. Without `run`, the command alone prints its help. */
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
  /** May be given several times; the values are collected. */
  readonly repeated?: boolean;
  /** Accepted, but left out of `--help` and the manual. */
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
