import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { attachEngine } from "./lsm.ts";
import type { Places } from "./places.ts";
import { runsSystemd } from "./service-unit.ts";
import type { PreparedChange } from "./setting-change.ts";
import { order } from "./units/systemctl.ts";
import { modesFor, writeWhole } from "./write-whole.ts";

/**
 * Exists while the agent puts domains that are entered by executable or by unit into force in the
 * kernel.
 */
function fileOf(places: Places): string {
  return join(dirname(places.system.numbers), "bpf-lsm-entries");
}

export function entersInKernel(places: Places): boolean {
  return existsSync(fileOf(places));
}

/**
 * Exists from before an agent attaches the engine until what ran before is adopted, so that the
 * next agent completes what this one leaves undone.
 */
export function unadoptedMark(places: Places): string {
  return join(dirname(places.system.control), "lsm-unadopted");
}

/** Removed by the package's postrm, too. */
const BOOT_ORDER = "/etc/systemd/system/cofferdam-agent.service.d/kernel-entries.conf";

/** The engine is attached anew at each boot: what serves the network waits for the agent. */
const bootOrder = `# cofferdam settings set /UserVars/BpfLsmEntries 1 wrote this; 0 removes it.
[Unit]
Before=network.target
# Then the boot goes on without it, and it goes on starting.
JobRunningTimeoutSec=90
`;

function orderBoot(enters: boolean): void {
  if (!runsSystemd()) return;
  if (enters) writeWhole(BOOT_ORDER, Buffer.from(bootOrder), modesFor(0));
  else rmSync(BOOT_ORDER, { force: true });
  order("daemon-reload");
}

/** @throws HostError where the kernel does not take the engine */
export function prepareEntries(places: Places, enters: boolean): PreparedChange {
  // An agent has nothing to adopt then: units that run enter at their next start.
  if (enters && attachEngine(places)) rmSync(unadoptedMark(places), { force: true });
  const file = fileOf(places);
  return {
    isRescue: !enters,
    place: async () => {
      if (enters) writeWhole(file, Buffer.alloc(0), modesFor(0));
      else rmSync(file, { force: true });
      orderBoot(enters);
    },
    discard: () => undefined,
    next: [
      enters
        ? "cofferdam domain reload puts the domains with `enter` into force; a unit that runs " +
          "enters its domain at its next start"
        : "cofferdam domain reload ends the entries; cofferdam agent --unpin lets go who is inside",
    ],
  };
}
