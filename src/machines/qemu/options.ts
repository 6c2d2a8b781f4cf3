import type { Description } from "../description.ts";
import { addressOf } from "./address.ts";
import type { Argument } from "./argument.ts";
import { chardev, legacyChardev } from "./chardev.ts";
import { device } from "./device.ts";
import { display, spice, vnc } from "./display.ts";
import { blockdev, cdrom, drive } from "./drive.ts";
import { acpiTable, fileOption, filesIn, kvm, machine } from "./firmware.ts";
import { migration } from "./incoming.ts";
import { mon, qmp } from "./monitor.ts";
import { netdev } from "./netdev.ts";
import { object } from "./object.ts";
import { share } from "./share.ts";

type Read = (argument: Argument, to: Description) => void;

/**
 * How to read an option: with a value; as a switch without one; or not at all, with what to use
 * instead.
 */
export type Option = Read | { readonly switch: Read } | { readonly refused: string };

/** Options without files: a value that looks like a path is refused. */
const plain = filesIn(null, {});
/** Text for the guest, which may contain anything. */
const text: Read = () => undefined;
const read = fileOption("read");
const refuse = (refused: string): Option => ({ refused });

const probing = refuse(
  "QEMU would believe what the guest wrote into it: use -drive file=...,format=raw (or " +
    "qcow2), with if= and index= as needed",
);
const unmanaged = refuse(
  "the emulator would be something else than what was started: `cofferdam vm run` stays with " +
    "the machine, and a service manager puts it in the background",
);
const another = refuse(
  "Cofferdam starts the emulator as another user: cofferdam vm run --user USER",
);
const files = refuse("its options would come from a file: write them on the command line");
const noXen = refuse("Xen's domains are made by Xen");

const switches = [
  "no-user-config",
  "nodefaults",
  "nographic",
  "S",
  "no-reboot",
  "no-shutdown",
  "no-fd-bootchk",
  "win2k-hack",
  "full-screen",
  "usb",
  "mem-prealloc",
  "only-migratable",
  "enable-sync-profile",
  "preconfig",
  "no-acpi",
  "no-hpet",
  "h",
  "help",
  "version",
];
const plainOptions = [
  "cpu",
  "smp",
  "numa",
  "m",
  "k",
  "uuid",
  "vga",
  "rtc",
  "msg",
  "compat",
  "action",
  "overcommit",
  "echr",
  "seed",
  "d",
  "dfilter",
  "watchdog-action",
  "global",
  "usbdevice",
  "prom-env",
  "semihosting-config",
];

/**
 * All understood options of qemu-system-x86_64 10; every other option is refused
 * (docs/machines.md).
 */
export const options: ReadonlyMap<string, Option> = new Map<string, Option>([
  ...switches.map((name): [string, Option] => [name, { switch: text }]),
  ...plainOptions.map((name): [string, Option] => [name, plain]),
  ...["name", "append", "loadvm"].map((name): [string, Option] => [name, text]),
  ...["kernel", "initrd", "dtb", "shim", "bios", "option-rom"].map((name): [string, Option] => [
    name,
    read,
  ]),
  ...["hda", "hdb", "hdc", "hdd", "fda", "fdb", "mtdblock", "sd", "pflash"].map(
    (name): [string, Option] => [name, probing],
  ),
  ["cdrom", cdrom],
  ["drive", drive],
  ["blockdev", blockdev],
  [
    "snapshot",
    refuse("make a linked clone instead: qemu-img create -f qcow2 -b DISK -F FORMAT CLONE"),
  ],
  ["iscsi", refuse("attach the disk on the host and name its block device")],
  ["device", device],
  ["chardev", chardev],
  ...["serial", "parallel", "debugcon"].map((name): [string, Option] => [name, legacyChardev]),
  ["monitor", legacyChardev],
  ["mon", mon],
  ["qmp", qmp],
  ["qmp-pretty", qmp],
  [
    "gdb",
    (argument, to) =>
      legacyChardev(
        argument,
        to,
        argument.value === "tcp::1234" ? "tcp::1234,server" : argument.value,
      ),
  ],
  [
    "s",
    {
      switch: (argument, to) =>
        to.add(argument.origin(), addressOf(argument.origin(), ":1234", "listen")),
    },
  ],
  ...["netdev", "nic", "net"].map((name): [string, Option] => [name, netdev]),
  ["vnc", vnc],
  ["spice", spice],
  ["display", display],
  ["object", object],
  ["fsdev", share],
  ["virtfs", share],
  ["incoming", (argument, to) => migration(argument, to, "listen")],
  ["pidfile", fileOption("make")],
  ["D", fileOption("log")],
  ["dump-vmstate", fileOption("make")],
  ["trace", filesIn("enable", { events: "read", file: "log" })],
  ["mem-path", fileOption("make")],
  [
    "L",
    (argument, to) =>
      to.add(argument.origin(), {
        kind: "folder",
        path: argument.path(argument.value),
        access: "read",
      }),
  ],
  ["smbios", filesIn(null, { file: "read", path: "read" })],
  ["acpitable", acpiTable],
  ["fw_cfg", filesIn("name", { file: "read" }, ["name", "string"])],
  ["boot", filesIn("order", { splash: "read" })],
  ["machine", machine("type")],
  ["M", machine("type")],
  ["accel", machine("accel")],
  ["enable-kvm", { switch: kvm }],
  ["audiodev", filesIn("driver", { path: "log" })],
  ["audio", filesIn("driver", { path: "log" })],
  ["tpmdev", filesIn("type", { "cancel-path": "read-write", path: "read-write" })],
  ["sandbox", plain],
  ["icount", plain],
  ["plugin", filesIn("file", { file: "read" })],
  ["readconfig", files],
  ["writeconfig", files],
  ["set", refuse("write the value at the option that it would change")],
  ["daemonize", unmanaged],
  ["chroot", refuse("the domain is what the emulator may reach")],
  ["runas", another],
  ["run-with", another],
  ["add-fd", refuse("no descriptor is inherited: name what it stands for")],
  ["perfmap", refuse("it would write below /tmp")],
  ["jitdump", refuse("it would write below the working directory")],
  ...["xen-domid", "xen-attach", "xen-domid-restrict"].map((name): [string, Option] => [
    name,
    noXen,
  ]),
]);
