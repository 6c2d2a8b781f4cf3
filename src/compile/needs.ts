import type { BrokeredNames } from "../kernel/system-calls/sealed-context.ts";
import { reachesEveryProcess } from "../kinds/signals/compile.ts";
import { granted } from "../model/granted.ts";
import { landlockSays } from "../model/landlock-ports.ts";
import { Permission } from "../model/permission.ts";
import { areBrokered, type Policy } from "../model/policy.ts";
import type { SealedView } from "../model/sealed-view.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { SocketModes } from "./sockets/modes.ts";

/** What a domain needs from its host. The fallback table uses nothing else. */
export interface Needs {
  /** TCP ports that only Landlock would check. */
  readonly landlockPorts: boolean;
  /** Devices that may be opened and whose ioctls are not granted. */
  readonly devicesWithoutIoctl: boolean;
  readonly signalsHeld: boolean;
  readonly setUserId: boolean;
  readonly descriptors: boolean;
  readonly memoryFiles: boolean;
  /** Granted, and checked by nothing here. */
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
 * Devices whose ioctls are harmless (`drivers/char/mem.c`, `random.c`: only requests for
 * CAP_SYS_ADMIN change anything).
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
    descriptors:
      brokered.creates || memoryFiles || calls.has("openat2") || areBrokered(policy.lateNames),
    memoryFiles,
    addressesUnheld: modes.inet.granted && modes.inet.by === "nothing",
    unixUnheld: modes.unix.granted && modes.unix.by === "nothing",
    ipc: granted(policy.ipc).size > 0,
  };
}

/**
 * A directory in which everything may be opened may come to contain any device. That counts for
 * /dev and the folders above it.
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
