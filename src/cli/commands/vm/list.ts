import { listRuns } from "../../../domains/runs.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { domainOf, machineNames, readMachine } from "../../../machines/machine.ts";
import { type Command, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";

export const vmList: Command = {
  name: "list",
  operands: [],
  summary: "list running machines",
  description: ["Prints each machine's name, domain number, emulator process, user and program."],
  options: [jsonOption],
  examples: [{ line: "cofferdam vm list", what: "running machines" }],
  run(context, _operands, options) {
    const { machines, runs } = context.places.system;
    const records = listRuns(runs);
    const all = machineNames(machines).flatMap((name) => {
      const machine = readMachine(machines, name);
      const run = records.find(({ domain }) => domain === domainOf(name));
      if (machine === null || run === undefined) return [];
      return [
        {
          name,
          number: run.number,
          pid: run.pid,
          user: machine.user ?? "root",
          program: machine.program,
        },
      ];
    });
    if (options.json) context.out(toJson(all));
    else
      for (const { name, number, pid, user, program } of all)
        context.out(
          `${name.padEnd(20)} ${String(number).padStart(5)} ${String(pid).padStart(8)}  ` +
            `${user}  ${program}\n`,
        );
    return ExitCode.ok;
  },
};
