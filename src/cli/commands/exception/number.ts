import { ExitCode } from "../../../host/exit-code.ts";
import { CommandError } from "../../command.ts";

/** @throws CommandError for what is no number of an exception */
export function wantedNumber(word = ""): number {
  if (/^[1-9]\d{0,8}$/.test(word)) return Number(word);
  throw new CommandError(
    `\`${word}\` is not the number of an exception`,
    "cofferdam exception list shows them",
    ExitCode.usage,
  );
}
