import type { DaemonHost } from "../../../library/daemon-host.ts";
import { machine } from "./machine.ts";

/** An emulated machine: mariadb takes a minute to start where it has to work for it. */
const ANSWER_MS = 900_000;
/** The process that collects the kernel's refusals reads them four times a second. */
const TOLD_MS = 3_000;

const lacking = (packages: readonly string[]): never => {
  throw new Error(`the image lacks some of ${packages.join(" ")}`);
};

/** The machine that this runs in; its image has the daemons' packages. */
export const daemonMachine: DaemonHost = {
  booted: machine,
  answerMs: ANSWER_MS,
  toldMs: TOLD_MS,
  has: (packages) => {
    const { out } = machine.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}", ...packages);
    return out === "ii ".repeat(packages.length);
  },
  fetch: lacking,
  install: lacking,
  renewPolicies: () => undefined,
};
