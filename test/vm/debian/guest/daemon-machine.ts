import { type DaemonHost, giveLevelByCommand } from "../../../library/daemon-host.ts";
import { machine } from "./machine.ts";

/** An emulated machine: mariadb takes a minute to start where it has to work for it. */
const ANSWER_MS = 900_000;
/** The process that collects the kernel's refusals reads them four times a second. */
export const TOLD_MS = 3_000;

/** The machine that this runs in; its image has the daemons' packages. */
export const daemonMachine: DaemonHost = {
  booted: machine,
  answerMs: ANSWER_MS,
  toldMs: TOLD_MS,
  ensure: (packages) => {
    if (!machine.hasPackages(packages))
      throw new Error(`the image lacks some of ${packages.join(" ")}`);
  },
  renewPolicies: () => undefined,
  giveLevel: (domain, level) => giveLevelByCommand(machine, domain, level),
};
