import { agentRequest, type Method } from "../../../host/agent-client.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { parseDomainName } from "../../../policy/names.ts";
import { CommandError, type Context } from "../../command.ts";

/** The agent's answer. @throws CommandError where it is no, or there is no agent */
export async function ask<T>(
  context: Context,
  method: Method,
  path: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<T> {
  return (await agentRequest(method, `/v1${path}`, body, context.places.system.control)) as T;
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

/** A run that keeps what it started with, as the agent tells of it. */
export interface Restart {
  readonly pid: number;
  readonly command: string;
  readonly how: string;
}
