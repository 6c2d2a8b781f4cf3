import { verify } from "../../events/log/verify.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { type Command, CommandError, jsonOption } from "../command.ts";
import { logFolder, orExplain, withProgress } from "../events/read-log.ts";
import { toJson } from "../json.ts";
import { renderVerification } from "../render/events.ts";

export const eventsVerify: Command = {
  name: "verify",
  operands: [],
  summary: "check that no record of the event log was changed or is missing",
  description: [
    "Follows the chain of hashes through all files. `whole`: every record is unchanged and " +
      "none is missing. `resumed`: a writer was killed in the middle of a record, and the next " +
      "writer continued the chain. `broken`: something other than Cofferdam changed, cut off or " +
      "removed records; the output names each place. An attacker who can write the log can forge " +
      "a new chain: if that matters, compare with the hashes in the journal (COFFERDAM_HASH).",
    "Exit status: 0 whole or resumed, 1 broken.",
  ],
  options: [jsonOption],
  examples: [
    { line: "cofferdam events verify", what: "the host's log as root, otherwise your own" },
    { line: "cofferdam events verify --json", what: "for a monitor" },
  ],
  run(context, _operands, options) {
    const folder = logFolder(context);
    const result = withProgress(context, (progress) =>
      orExplain(folder, () => verify(folder, progress)),
    );
    if (result === null)
      throw new CommandError(
        `there is no event log in ${folder}`,
        "it appears with the first event of a domain",
      );
    context.out(options.json ? toJson(result) : renderVerification(result));
    return result.state === "broken" ? ExitCode.no : ExitCode.ok;
  },
};
