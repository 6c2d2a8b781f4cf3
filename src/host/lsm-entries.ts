import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { whileAttached } from "../kernel/bpf/lsm/pins.ts";
import { type Probe, whyMissing } from "../kernel/host-facts.ts";
import { probeBpfLsm } from "../kernel/probe/bpf-lsm.ts";
import { ENGINE_KEY, type EngineSetting, writeEngineSetting } from "./engine.ts";
import { attachEngine } from "./lsm.ts";
import type { Places } from "./places.ts";
import { runsSystemd } from "./service-unit.ts";
import type { PreparedChange } from "./setting-change.ts";
import { holdBackUnits } from "./units/hold-back.ts";
import { order } from "./units/systemctl.ts";
import { modesFor, writeWhole } from "./write-whole.ts";

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
const bootOrder = `# The setting ${ENGINE_KEY} wrote this; landlock removes it.
[Unit]
Before=network.target
# Then the boot goes on without it, and it goes on starting.
JobRunningTimeoutSec=90
[Service]
# systemd would start it anew after 90 seconds, and no slow one would ever be ready.
TimeoutStartSec=10min
`;

function orderBoot(places: Places, setting: EngineSetting): void {
  if (!runsSystemd()) return;
  if (setting === "landlock") rmSync(BOOT_ORDER, { force: true });
  else writeWhole(BOOT_ORDER, Buffer.from(bootOrder), modesFor(0));
  // The agent holds back what it must.
  holdBackUnits([], whileAttached(places.system.lsmPins));
  order("daemon-reload");
}

/** @throws HostError where the kernel does not take the engine that was asked for */
export function prepareEngine(places: Places, setting: EngineSetting): PreparedChange {
  const probe = setting === "landlock" ? null : probeBpfLsm();
  const enters = setting === "bpf-lsm" || probe?.state === "yes";
  // An agent has nothing to adopt then: units that run enter at their next start.
  if (enters && attachEngine(places)) rmSync(unadoptedMark(places), { force: true });
  return {
    isRescue: setting === "landlock",
    place: async () => {
      writeEngineSetting(places, setting);
      orderBoot(places, setting);
    },
    discard: () => undefined,
    next: nextSteps(enters, probe),
  };
}

function nextSteps(enters: boolean, probe: Probe | null): readonly string[] {
  if (enters)
    return [
      "cofferdam domain reload puts the domains with `enter` into force; a unit that runs " +
        "enters its domain at its next start",
    ];
  const end =
    "cofferdam domain reload ends the entries; cofferdam agent --unpin lets go who is inside";
  return probe === null || probe.state === "yes"
    ? [end]
    : [`this kernel does not take the bpf-lsm engine (${whyMissing("bpf-lsm", probe)})`, end];
}
