import { join, resolve } from "node:path";
import { Agent } from "../../agent/agent.ts";
import { activatedSocket, notifyManager } from "../../agent/service-manager.ts";
import { keepHeapSmall } from "../../agent/small-heap.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { letGo } from "../../host/lsm.ts";
import { modesFor, writeWhole } from "../../host/write-whole.ts";
import { type Command, CommandError, type Context } from "../command.ts";
import { renderUnits, unitsFor } from "../render/units.ts";

export const agent: Command = {
  name: "agent",
  operands: [],
  summary: "run the agent, which keeps domain numbers and levels and reloads policies",
  description: [
    "Loads the host's and the shipped domains and gives each a number. It keeps the table of " +
      "levels, starts the shared mediator, ends levels that were set for a time, forwards events " +
      "to vmkernel.log, vobd.log and journald, and serves /run/cofferdam/control.sock. It stays " +
      "in the foreground. SIGHUP reloads everything, SIGTERM ends it.",
    "Enforcement does not depend on the agent: without it domains stay as they are, and the " +
      "next agent continues from its files.",
    "Exit status: 0 after SIGTERM; 3 if another agent runs or the host's state is broken.",
  ],
  options: [
    {
      flags: "--print-units",
      description: "print systemd units for this installation, and do nothing else",
    },
    {
      flags: "--without-kernel-refusals",
      description: "do not log denials by the kernel; leave the host's auditing unchanged",
    },
    {
      flags: "--unpin",
      description: "undo all that `cofferdam adopt` holds, and do nothing else",
    },
    {
      flags: "--write-units <folder>",
      description: "write systemd units to the folder, e.g. /etc/systemd/system",
    },
  ],
  examples: [
    { line: "sudo cofferdam agent", what: "in the foreground" },
    {
      line: "sudo cofferdam agent --write-units /etc/systemd/system",
      what: "the service and its socket; it says how to start them",
    },
  ],
  async run(context, _operands, options) {
    if (options.printUnits === true) {
      context.out(renderUnits(context.places.home));
      return ExitCode.ok;
    }
    if (typeof options.writeUnits === "string") {
      writeUnits(context, options.writeUnits);
      return ExitCode.ok;
    }
    if (!context.places.asRoot)
      throw new CommandError("only root can be the host's agent", "try again with sudo");
    if (options.unpin === true) {
      letGo(context.places);
      return ExitCode.ok;
    }
    const { places } = context;
    const log = (text: string): void => context.err(`cofferdam: agent: ${text}\n`);
    const mediator = {
      program: process.execPath,
      arguments: [join(places.home, "dist", "mediator.js"), "shared"],
    };
    const sessions = {
      program: process.execPath,
      arguments: [join(places.home, "dist", "cofferdam.js"), "sessions"],
    };
    const collector = {
      program: process.execPath,
      arguments: [join(places.home, "dist", "kernel-collector.js")],
    };
    keepHeapSmall();
    const running = await Agent.start({
      places,
      mediator,
      sessions,
      collector: options.withoutKernelRefusals === true ? null : collector,
      activated: activatedSocket(),
      log,
    });
    notifyManager("READY=1");
    log(
      `ready, ${running.table.entries.length} domains; cofferdam status and cofferdam ` +
        "domain list tell more",
    );
    process.on("SIGHUP", () => void running.reload(null, { uid: 0, name: "SIGHUP" }));
    await new Promise<void>((resolve) => {
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
    });
    notifyManager("STOPPING=1");
    await running.stop();
    return ExitCode.ok;
  },
};

function writeUnits({ places, out }: Context, folder: string): void {
  const units = unitsFor(places.home);
  for (const { name, text } of units)
    writeWhole(join(resolve(folder), name), Buffer.from(text), modesFor(0));
  const files = units.map(({ name }) => `${join(folder, name)}\n`).join("");
  out(`${files}now: systemctl daemon-reload && systemctl enable --now cofferdam-agent\n`);
}
