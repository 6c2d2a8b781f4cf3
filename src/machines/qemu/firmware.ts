import type { Description } from "../description.ts";
import type { FileUse } from "../resource.ts";
import type { Argument } from "./argument.ts";
import { Keys } from "./keys.ts";

type Read = (argument: Argument, to: Description) => void;

export function fileOption(use: FileUse): Read {
  return (argument, to) => to.file(argument.origin(), argument.path(argument.value), use);
}

/**
 * An option of `name=value`, where some names are files and some texts for the guest. Any other
 * value that looks like a path is refused.
 */
export function filesIn(
  implied: string | null,
  names: Readonly<Record<string, FileUse>>,
  texts: readonly string[] = [],
): Read {
  return (argument, to) => {
    const keys = Keys.of(argument, implied);
    keys.harmless(...texts);
    for (const [name, use] of Object.entries(names))
      to.file(keys.where(name), keys.path(name), use);
    keys.doneWithProperties();
  };
}

export const acpiTable: Read = (argument, to) => {
  const keys = Keys.of(argument);
  for (const name of ["data", "file"])
    for (const file of (keys.get(name) ?? "").split(":"))
      if (file !== "") to.file(keys.where(name), argument.path(file), "read");
  keys.doneWithProperties();
};

/** -accel, -machine: with KVM the emulator opens /dev/kvm. */
export function machine(implied: string): Read {
  return (argument, to) => {
    const keys = Keys.of(argument, implied);
    const accelerators = (keys.get("accel") ?? "").split(":");
    const device = keys.path("device");
    if (accelerators.includes("kvm"))
      to.add(keys.where("accel"), { kind: "device", path: device ?? "/dev/kvm" });
    for (const name of ["kernel", "initrd", "dtb", "firmware", "shim"])
      to.file(keys.where(name), keys.path(name), "read");
    keys.doneWithProperties();
  };
}

export const kvm: Read = (argument, to) =>
  to.add(argument.origin(), { kind: "device", path: "/dev/kvm" });
