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
    "Follows the chain of hashes through all files. `whole`: every record is as it was written, and none is missing. `resumed`: a writer was killed in the middle of a record, and the next one went on behind it. `broken`: records were changed, cut off or taken out, by something else than Cofferdam; each place is told. Whoever may write the log and knows how can write a whole chain anew: compare with the hashes in the journal (COFFERDAM_HASH) where that matters.",
    "Exit status: 0 whole or resumed, 1 broken.",
  ],
  options: [jsonOption],
  examples: [
    { line: "cofferdam events verify", what: "as root the host's log, else one's own" },
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
