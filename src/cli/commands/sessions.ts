import { keepHeapSmall } from "../../agent/small-heap.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { serveSessions } from "../../sessions/serve.ts";
import { type Command, CommandError } from "../command.ts";

export const sessions: Command = {
  name: "sessions",
  operands: [],
  summary: "run the session server, which opens sandboxed shells",
  description: [
    "Serves the sockets below /run/cofferdam-sessions: it starts sandboxed shells for sshd and " +
      "login(1), and answers requests from these shells. The agent keeps it running while " +
      "`/UserVars/ShellSandboxEnabled` is 1. It stays in the foreground. After SIGTERM it " +
      "accepts no new login, and ends with the last shell.",
    "Exit status: 0 after SIGTERM, or if another one runs.",
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
