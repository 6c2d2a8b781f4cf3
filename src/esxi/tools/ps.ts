import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { listProcesses } from "../../domains/processes.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { HostError } from "../../host/host-error.ts";
import { runningDomains } from "../../host/running.ts";
import type { Dialect } from "../dialect-command.ts";
import { renderWorlds } from "../ps/worlds.ts";

const letters = "TcjstvZ";

/** The system's ps by absolute path, because PATH may lead to this program. */
const systems = ["/usr/bin/ps", "/bin/ps"];

/** `ps -TcjstvZ`, in one word or several. All other calls go to the system's ps. */
export const ps: Dialect = (args, context) => {
  if (!isWorlds(args)) return systemPs(args);
  context.out(
    renderWorlds(
      listProcesses({ ...runningDomains(context.places), threads: true, details: true }),
    ),
  );
  return ExitCode.ok;
};

function isWorlds(args: readonly string[]): boolean {
  const given = args.map((word) => (/^-[A-Za-z]+$/.test(word) ? word.slice(1) : "?")).join("");
  return (
    new Set(given).size === letters.length && [...letters].every((letter) => given.includes(letter))
  );
}

function systemPs(args: readonly string[]): ExitCode {
  const program = systems.find((path) => existsSync(path));
  if (program === undefined) throw new HostError("this host has no ps", "install procps");
  const { status, error } = spawnSync(program, args, { stdio: "inherit" });
  if (error !== undefined)
    throw new HostError(`${program} does not start: ${error.message}`, "try it by itself");
  // Passes the status on; without one, a signal has ended the program.
  return (status ?? ExitCode.no) as ExitCode;
}
