import { complain } from "../complaint.ts";
import type { Description } from "../description.ts";
import type { Argument } from "./argument.ts";
import { Keys } from "./keys.ts";

/** Properties that name a file to read, in any device. */
const readFiles = ["romfile", "file", "frudatafile", "sdrfile", "cdat", "jsonfile", "db"] as const;
const deviceNodes = ["evdev", "vhostdev", "hidraw", "hostdevice"] as const;
const descriptors = "no descriptor is inherited";

/** Devices that use something of the host without naming it. */
const implied: Readonly<Record<string, string>> = {
  "vhost-vsock-pci": "/dev/vhost-vsock",
  "vhost-vsock-device": "/dev/vhost-vsock",
  "vhost-scsi-pci": "/dev/vhost-scsi",
  "vhost-scsi": "/dev/vhost-scsi",
};

/**
 * -device, also as JSON, and device_add. Of the hundreds of properties most affect only the guest.
 * This reads the properties that concern the host, and refuses any other whose value looks like a
 * path. If it misses one even so, the domain does not grant the file.
 */
export function device(argument: Argument, to: Description): void {
  const keys = Keys.of(argument, "driver");
  const driver = keys.need("driver", "say which device");
  const node = implied[driver];
  if (node !== undefined) to.add(keys.where("driver"), { kind: "device", path: node });
  keys.refuse({ vhostfd: descriptors, fd: descriptors });
  if (driver === "usb-host") usb(keys, to);
  for (const name of readFiles) {
    const value = keys.path(name);
    if (value !== null) to.file(keys.where(name), value, "read");
  }
  for (const name of deviceNodes) {
    const path = keys.path(name);
    if (path !== null) to.add(keys.where(name), { kind: "device", path });
  }
  if (driver.startsWith("vfio-pci") || driver === "vfio-pci-nohotplug") pci(keys, to);
  const root = keys.path("rootdir");
  if (root !== null)
    to.add(keys.where("rootdir"), {
      kind: "folder",
      path: root,
      access: keys.get("readonly") === "off" ? "read-write" : "read",
    });
  for (const name of ["kernel", "initrd"]) to.file(keys.where(name), keys.path(name), "read");
  keys.doneWithProperties();
}

function pci(keys: Keys, to: Description): void {
  const sysfs = keys.get("sysfsdev");
  const address = keys.get("host") ?? sysfs?.split("/").pop();
  if (address === undefined)
    complain(
      keys.where("driver"),
      "no function of the PCI bus is named",
      "give host=DOMAIN:BUS:SLOT.FUNCTION",
    );
  to.add(keys.where(sysfs === null ? "host" : "sysfsdev"), {
    kind: "pci",
    address: address.length < 12 ? `0000:${address}` : address,
  });
}

/** Given by vendor and product, QEMU would search all devices of the host. */
function usb(keys: Keys, to: Description): void {
  const [bus, number] = [keys.get("hostbus"), keys.get("hostaddr")];
  if (bus !== null && number !== null) {
    const path = `/dev/bus/usb/${bus.padStart(3, "0")}/${number.padStart(3, "0")}`;
    to.add(keys.where("hostaddr"), { kind: "device", path });
  } else if (keys.get("hostdevice") === null)
    complain(
      keys.where("driver"),
      "no device of the host is named",
      "give hostbus= and hostaddr=, or hostdevice=PATH",
    );
}
