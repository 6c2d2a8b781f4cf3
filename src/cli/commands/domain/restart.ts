import { spawnSync } from "node:child_process";
import { type ShownDetails, shownDetails } from "../../../host/agent-answers.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { runsSystemd } from "../../../host/service-unit.ts";
import { type Command, CommandError, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { ask, domainName } from "./ask.ts";

export const domainRestart: Command = {
  name: "restart",
  operands: [{ name: "<domain>", description: "the domain's name" }],
  summary: "restart a domain's daemon, so that sealed processes get the present level and policy",
  description: [
    "Restarts the systemd units that the policy names under `enter`. If it names none, the " +
      "command says how to restart the daemon.",
    "Exit status: 0; 1 if systemctl fails; 3 if there is nothing to restart.",
  ],
  options: [jsonOption],
  examples: [
    { line: "sudo cofferdam domain restart nginx", what: "systemctl restart nginx.service" },
  ],
  async run(context, [word = ""], options) {
    const { name, units, running } = await ask(
      context,
      shownDetails,
      "GET",
      `/domains/${domainName(word)}`,
    );
    if (units.length === 0 || !runsSystemd()) throw nothingToDo(name, units, running);
    const { status, error } = spawnSync("systemctl", ["restart", "--", ...units], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    if (error !== undefined)
      throw new CommandError(
        `systemctl cannot be started: ${error.message}`,
        `restart ${units.join(" ")} in the way that this host uses`,
      );
    const done = status === 0;
    if (options.json) context.out(toJson({ units, restarted: done }));
    else if (done) context.out(`${name}: ${units.join(" ")} restarted\n`);
    return done ? ExitCode.ok : ExitCode.no;
  },
};

function nothingToDo(
  name: string,
  units: readonly string[],
  running: ShownDetails["running"],
): CommandError {
  if (running.length === 0)
    return new CommandError(
      `nothing runs in ${name}`,
      `start it: cofferdam run ${name} -- COMMAND`,
    );
  const alive = running.filter(({ daemon }) => daemon === "alive");
  const started = alive.find(({ startedAs }) => startedAs !== null)?.startedAs ?? "COMMAND";
  // The process may have exited, and its number may belong to another process.
  const ends = [
    ...(alive.length > 0 ? [`end process ${alive.map(({ pid }) => pid).join(" ")}`] : []),
    ...(alive.length < running.length
      ? [`end the processes of ${name} in \`cofferdam ps\`, as the first one of a run has ended`]
      : []),
  ].join(" and ");
  const what =
    units.length === 0
      ? `the policy of ${name} names no unit to restart`
      : `no systemd runs here to restart ${units[0]}`;
  const later = units.length === 0 ? "; or put `unit:` under `enter` in the policy" : "";
  return new CommandError(what, `${ends}, then: cofferdam run ${name} -- ${started}${later}`);
}
