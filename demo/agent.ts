import { spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { atEnd, expectThat, indented, typed } from "./stage.ts";

/** From the agent's start to its first answer, in milliseconds. */
const READY_WAIT_MS = 60_000;
const POLL_MS = 100;

/**
 * Starts the host's agent and waits until it answers; it ends with the demonstration, and so does
 * its mediator.
 */
export async function startAgent(cofferdam: string, log: string): Promise<void> {
  typed("cofferdam agent &");
  const output = openSync(log, "w");
  const agent = spawn(cofferdam, ["agent"], { stdio: ["ignore", output, output] });
  closeSync(output);
  atEnd(() => void agent.kill("SIGTERM"));
  for (let waited = 0; waited < READY_WAIT_MS && agent.exitCode === null; waited += POLL_MS) {
    const mediator = mediatorOf(cofferdam);
    if (mediator !== null) {
      // It would outlive the agent, as it should.
      atEnd(() => void process.kill(mediator, "SIGKILL"));
      return;
    }
    await sleep(POLL_MS);
  }
  throw new Error(`the agent does not answer; it printed:\n${readFileSync(log, "utf8")}`);
}

function mediatorOf(cofferdam: string): number | null {
  const { stdout } = spawnSync(cofferdam, ["status", "--json"], { encoding: "utf8" });
  const status = JSON.parse(stdout) as {
    agent: { mediator: { pid: number | null } | null } | null;
  };
  return status.agent?.mediator?.pid ?? null;
}

/** Types a command and shows its answer. */
export function order(cofferdam: string, ...words: readonly string[]): void {
  typed(["cofferdam", ...words].join(" "));
  const { status, stdout, stderr } = spawnSync(cofferdam, words, { encoding: "utf8" });
  indented(`${stdout}${stderr}`);
  expectThat(status === 0, `cofferdam ${words.join(" ")} should have succeeded`);
}
