import { keepHeapSmall } from "../../agent/small-heap.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { serveSessions } from "../../sessions/serve.ts";
import { type Command, CommandError } from "../command.ts";

export const sessions: Command = {
  name: "sessions",
  operands: [],
  summary: "the resident part that opens sandboxed shells",
  description: [
    "Serves the sockets below /run/cofferdam-sessions: sandboxed shells for sshd and login(1), and what those shells may ask for. The agent starts it while `/UserVars/ShellSandboxEnabled` is 1, and starts it again when it ends. It stays in the foreground; after SIGTERM nobody new is let in, and it ends with the last shell.",
    "Exit status: 0 after SIGTERM, and where another one runs.",
  ],
  options: [],
  examples: [{ line: "sudo cofferdam sessions", what: "in the foreground, where no agent runs" }],
  async run({ places, err }) {
    if (!places.asRoot)
      throw new CommandError("only root can open shells for users", "try again with sudo");
    keepHeapSmall();
    await serveSessions(places, (text) => err(`cofferdam: sessions: ${text}\n`));
    return ExitCode.ok;
  },
};
