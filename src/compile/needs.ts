import type { BrokeredNames } from "../kernel/system-calls/sealed-context.ts";
import { reachesEveryProcess } from "../kinds/signals/compile.ts";
import { granted } from "../model/granted.ts";
import { landlockSays } from "../model/landlock-ports.ts";
import { Permission } from "../model/permission.ts";
import type { Policy } from "../model/policy.ts";
import type { SealedView } from "../model/sealed-view.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { SocketModes } from "./sockets/modes.ts";

/** What a domain needs of its host; the fallback table asks nothing else. */
export interface Needs {
  /** TCP ports that Landlock alone would hold. */
  readonly landlockPorts: boolean;
  /** Devices that may be opened and whose ioctls are not granted. */
  readonly devicesWithoutIoctl: boolean;
  readonly signalsHeld: boolean;
  readonly setUserId: boolean;
  /** The broker gives it descriptors. */
  readonly descriptors: boolean;
  readonly memoryFiles: boolean;
  /** Granted, and held by nothing here. */
  readonly addressesUnheld: boolean;
  readonly unixUnheld: boolean;
  readonly ipc: boolean;
}

export const needsNothing = (): boolean => false;

export const noNeeds: Needs = {
  landlockPorts: false,
  devicesWithoutIoctl: false,
  signalsHeld: false,
  setUserId: false,
  descriptors: false,
  memoryFiles: false,
  addressesUnheld: false,
  unixUnheld: false,
  ipc: false,
};

/**
 * Devices whose ioctls do nothing (`drivers/char/mem.c`, `random.c`: only CAP_SYS_ADMIN's requests
 * change anything).
 */
const harmlessDevices = new Set([
  "/dev/null",
  "/dev/zero",
  "/dev/full",
  "/dev/random",
  "/dev/urandom",
]);
const opens = Permission.read | Permission.write;

export function needsOf(
  policy: Policy,
  decided: { view: SealedView; snapshot: Snapshot; modes: SocketModes; brokered: BrokeredNames },
): Needs {
  const { view, modes, brokered } = decided;
  const calls = granted(policy.syscalls);
  const memoryFiles = calls.has("memfd_create");
  return {
    landlockPorts:
      modes.inet.granted && landlockSays(policy.addresses) && modes.inet.by !== "cgroup",
    devicesWithoutIoctl: opensDevices(view, decided.snapshot),
    signalsHeld: !reachesEveryProcess(policy),
    setUserId: policy.setUserId.length > 0,
    descriptors: brokered.creates || memoryFiles || calls.has("openat2"),
    memoryFiles,
    addressesUnheld: modes.inet.granted && modes.inet.by === "nothing",
    unixUnheld: modes.unix.granted && modes.unix.by === "nothing",
    ipc: granted(policy.ipc).size > 0,
  };
}

/**
 * A directory of which everything may be opened may come to hold any device; so that counts where
 * it is /dev or above.
 */
function opensDevices(view: SealedView, snapshot: Snapshot): boolean {
  const ungranted = (rights: number) => (rights & opens) !== 0 && (rights & Permission.ioctl) === 0;
  const single = view.inodes.some(
    ({ path, rights }) =>
      ungranted(rights) && !harmlessDevices.has(path) && snapshot.lookup(path)?.kind === "device",
  );
  return (
    single ||
    view.directories.some(
      ({ path, rights }) => ungranted(rights) && (path === "/" || `${path}/`.startsWith("/dev/")),
    )
  );
}
