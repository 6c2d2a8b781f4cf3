import type { ExitCode } from "../host/exit-code.ts";
import type { Places } from "../host/places.ts";

/** What a command of ESXi gets; `Context` of `cli/command.ts` has this and more. */
export interface DialectContext {
  readonly places: Places;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly width: number;
  readonly color: boolean;
}

export type Dialect = (
  args: readonly string[],
  context: DialectContext,
) => ExitCode | Promise<ExitCode>;
