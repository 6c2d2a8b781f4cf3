import type { Schema } from "../../../base/schema.ts";
import { askAgent, type Method } from "../../../host/agent-client.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { parseDomainName } from "../../../policy/names.ts";
import { CommandError, type Context } from "../../command.ts";

/** The agent's answer. @throws CommandError if it refuses, or none runs */
export function ask<T>(
  context: Context,
  answer: Schema<T>,
  method: Method,
  path: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<T> {
  return askAgent(answer, method, `/v1${path}`, body, context.places.system.control);
}

/** Checks an operand. @throws CommandError if it cannot be a domain's name */
export function domainName(word: string): string {
  if (parseDomainName(word) !== null) return word;
  const what =
    word === "superDom"
      ? "superDom has neither level nor policy"
      : `\`${word}\` is not the name of a domain`;
  throw new CommandError(what, "cofferdam domain list shows them", ExitCode.usage);
}
