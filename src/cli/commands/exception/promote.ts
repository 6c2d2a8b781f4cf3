import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { wrap } from "../../../base/wrap.ts";
import { type Exception, exceptionsText, readExceptions } from "../../../domains/exceptions.ts";
import {
  endedExceptions,
  type ShownException,
  shownExceptions,
} from "../../../host/agent-answers.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { load } from "../../../host/load.ts";
import { difference } from "../../../model/difference.ts";
import { addLines } from "../../../policy/add-lines.ts";
import { type Command, CommandError, type Context, jsonOption } from "../../command.ts";
import { fileToChange } from "../../explain/place-of-line.ts";
import { toJson } from "../../json.ts";
import { exceptionName } from "../../render/exceptions.ts";
import { renderRestarts } from "../../render/restarts.ts";
import { type RequiredPolicy, requirePolicy } from "../../require-policy.ts";
import { writePolicy } from "../../write-policy.ts";
import { ask, domainName } from "../domain/ask.ts";
import { wantedNumber } from "./number.ts";

export const exceptionPromote: Command = {
  name: "promote",
  operands: [
    { name: "<domain>", description: "the domain's name" },
    { name: "<number>", description: "of the exception, as `list` shows it" },
  ],
  summary: "write an exception into the policy, for good",
  description: [
    "Adds the line at the end of its section, leaves the rest of the file as it is, and then " +
      "ends the exception; at no moment the domain is without it. A shipped policy is not " +
      "changed: a copy in the administrator's folder is made, which from then on takes " +
      "precedence. The promotion is an audit event.",
    "Exit status: 0 if the line is in force for good; 3 otherwise.",
  ],
  options: [jsonOption],
  examples: [{ line: "cofferdam exception promote nginx 2", what: "the second one" }],
  async run(context, [word = "", number], options) {
    const domain = domainName(word);
    const id = wantedNumber(number);
    requireRoot(context);
    const { exceptions } = await ask(context, shownExceptions, "GET", "/exceptions");
    const found = exceptions.find((one) => one.domain === domain && one.id === id);
    if (found === undefined)
      throw new CommandError(
        `\`${domain}\` has no exception ${id}`,
        `cofferdam exception list ${domain} shows them`,
      );
    const required = requirePolicy(context, domain, {});
    requireOwnFile(context, required);
    const file = isInFile(context, found) ? null : write(context, required, found);
    const body = { id, promoted: true };
    const path = `/domains/${domain}/exceptions`;
    const { restart } = await orSay(file, domain, () =>
      ask(context, endedExceptions, "DELETE", path, body),
    );
    const where = file === null ? "the policy grants it already" : `written to ${file}`;
    const text = wrap(`${exceptionName(found)}: ${where}`, context.width, "  ");
    context.out(
      options.json
        ? toJson({ exception: found, file, restart })
        : `${text}\n${renderRestarts(restart, "policy")}`,
    );
    return ExitCode.ok;
  },
};

/** Its time may be over just now, or the agent gone: the file has the line all the same. */
async function orSay<T>(file: string | null, domain: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CommandError) || file === null) throw error;
    throw new CommandError(
      `${file} has the line, but the agent has not got it: ${error.message}`,
      `cofferdam domain reload ${domain}`,
    );
  }
}

function requireRoot({ places }: Context): void {
  if (!places.asRoot)
    throw new CommandError("only root may change a policy of the host", "try again with sudo");
}

/** A line in a template's file would hold for every instance. */
function requireOwnFile({ places }: Context, { policy, files }: RequiredPolicy): void {
  const own = files[0] ?? "";
  const name = basename(own, ".yaml");
  if (dirname(own) === places.system.machines.running)
    throw new CommandError(
      `the policy of ${policy.name} is made anew at each start`,
      "write the line into the policy that it is made of",
    );
  if (name !== policy.name)
    throw new CommandError(
      `${own} is a template: the line would hold for every instance`,
      `write it there yourself if that is meant, or make a policy of its own: ` +
        `cp ${own} ${places.policies[0]}/${policy.name}.yaml`,
    );
}

/** An administrator may have written it there meanwhile. Other exceptions do not count. */
function isInFile({ places }: Context, { domain, id }: ShownException): boolean {
  const policyWith = (list: readonly Exception[]) =>
    load(places, { name: domain }, {}, { exceptions: Buffer.from(exceptionsText(list)) }).policy;
  const own = readExceptions(places.system.exceptions, domain).filter((one) => one.id === id);
  const [without, withIt] = [policyWith([]), policyWith(own)];
  return without !== null && withIt !== null && difference(without, withIt).changes.length === 0;
}

/** Returns the file. @throws CommandError if it cannot be written; then nothing has changed */
function write(
  context: Context,
  required: RequiredPolicy,
  { domain, section, line }: ShownException,
): string {
  const { places } = context;
  const text = readFileSync(required.files[0] ?? "", "utf8");
  const changed = addLines(text, [{ section, line }]);
  if (required.load(changed) === null)
    throw new CommandError(
      `with this line the policy of ${domain} cannot be used`,
      "write it into the file yourself; cofferdam check tells what is wrong",
    );
  writePolicy(context, required, text, changed);
  return fileToChange(places, required).file;
}
