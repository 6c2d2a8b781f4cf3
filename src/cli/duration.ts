import { ExitCode } from "../host/exit-code.ts";
import { CommandError } from "./command.ts";

const seconds = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** `90s`, `30m`, `2h`, `1d` in seconds. @throws CommandError for other texts */
export function parseDuration(text: string): number {
  const match = /^([1-9]\d{0,7})([smhd])$/.exec(text);
  if (match !== null) return Number(match[1]) * seconds[match[2] as keyof typeof seconds];
  throw new CommandError(
    `\`${text}\` is not a length of time`,
    "write a number with s, m, h or d behind it: 2h",
    ExitCode.usage,
  );
}
