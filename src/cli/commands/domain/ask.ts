import type { Schema } from "../../../base/schema.ts";
import { askAgent, type Method } from "../../../host/agent-client.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { parseDomainName } from "../../../policy/names.ts";
import { CommandError, type Context } from "../../command.ts";

/** The agent's answer. @throws CommandError where it is no, or there is no agent */
export function ask<T>(
  context: Context,
  answer: Schema<T>,
  method: Method,
  path: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<T> {
  return askAgent(answer, method, `/v1${path}`, body, context.places.system.control);
}

/** A domain's name as a command's operand. @throws CommandError for a word that can be none */
export function domainName(word: string): string {
  if (parseDomainName(word) !== null) return word;
  const what =
    word === "superDom"
      ? "superDom has neither level nor policy"
      : `\`${word}\` is no name of a domain`;
  throw new CommandError(what, "cofferdam domain list shows them", ExitCode.usage);
}
