import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { printable } from "../../base/printable.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import { CommandError } from "../command.ts";

/** Newest messages of the agent in a bundle. */
const MESSAGES_MAX = 500;
const JOURNAL_BYTES_MAX = 4 * 1024 * 1024;
const JOURNAL_WAIT_MS = 10_000;

/** The agent's last messages. @throws CommandError if there is no journal */
export async function journalText(): Promise<string> {
  const args = [
    "-u",
    "cofferdam-agent",
    "-n",
    String(MESSAGES_MAX),
    "--no-pager",
    "-o",
    "short-iso",
  ];
  try {
    const options = {
      encoding: "utf8",
      maxBuffer: JOURNAL_BYTES_MAX,
      timeout: JOURNAL_WAIT_MS,
    } as const;
    const { stdout } = await promisify(execFile)("/usr/bin/journalctl", args, options);
    return stdout.split("\n").map(printable).join("\n");
  } catch (error) {
    const why = hasCode(error, "ENOENT")
      ? "this host has no journalctl"
      : "journalctl did not do it";
    throw new CommandError(why, "look at the messages of the agent where your host keeps them");
  }
}
