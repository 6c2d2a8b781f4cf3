import { accessSync, constants, existsSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { BANNER, emulator, guestFiles, Powered } from "../test/machines/guest.ts";
import { machineMissing } from "../test/vm/machine.ts";
import { hasOwnHost, OwnHost } from "./own-host.ts";
import { cofferdam, median, type Scratch } from "./scratch.ts";
import { type Row, rootOnly, verdict } from "./table.ts";

/** Transfers a setting, taken in turns so that a slow second hits all. */
const ROUNDS = 15;
/** What one transfer moves, megabytes. */
const DISK_MB = 256;
const NETWORK_MB = 32;
const BUDGET = 0.98;
/** Of the host, one a setting, forwarded to the guest. */
const PORTS = { plain: 47_801, domain: 47_802 } as const;

type Setting = keyof typeof PORTS;
const settings = Object.keys(PORTS) as readonly Setting[];

/** What a guest moves in a second, to and from its disk and over its network, with its emulator outside and inside a domain. */
export async function machineThroughput(scratch: Scratch): Promise<Row[]> {
  const what = "a guest's transfers";
  const missing = machineMissing();
  if (!hasOwnHost()) return [rootOnly(what, "MB/s")];
  if (missing !== null) return [{ what, unit: "MB/s", figures: {}, note: missing }];
  const host = await OwnHost.start(new Map());
  const guests = guestsOf(scratch);
  try {
    for (const guest of Object.values(guests)) await ready(guest);
    return [
      await row("reads of the disk", guests, DISK_MB, (guest) =>
        moved(guest, `dd if=/dev/vda of=/dev/null iflag=direct bs=1M count=${DISK_MB}`),
      ),
      await row("writes to the disk", guests, DISK_MB, (guest) =>
        moved(guest, `dd if=/dev/zero of=/dev/vda oflag=direct bs=1M count=${DISK_MB}`),
      ),
      await row("small reads", guests, DISK_MB / 16, (guest) =>
        moved(guest, `dd if=/dev/vda of=/dev/null iflag=direct bs=4k count=${(DISK_MB / 16) * 256}`),
      ),
      await row("over the network", guests, NETWORK_MB, received),
    ];
  } finally {
    for (const guest of Object.values(guests)) await guest.off();
    await host.stop();
  }
}

function guestsOf(scratch: Scratch): Record<Setting, Powered> {
  const base = emulator(guestFiles(scratch.folder)).map((word) => word.replace("accel=tcg", `accel=${accelerator()}`));
  const command = (setting: Setting): readonly string[] => {
    const disk = scratch.file(`${setting}.img`);
    writeFileSync(disk, Buffer.alloc(DISK_MB << 20));
    const network = `user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:${PORTS[setting]}-:80`;
    return [...base, "-drive", `file=${disk},format=raw,if=virtio,cache=none,aio=threads`, "-nic", network];
  };
  return {
    plain: new Powered(command("plain"), scratch.folder),
    domain: new Powered([cofferdam, "vm", "run", "bench", "--", ...command("domain")], scratch.folder),
  };
}

/** With KVM the guest does not wait for emulation, and what the domain costs shows. */
function accelerator(): string {
  if (!existsSync("/dev/kvm")) return "tcg";
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
    return "kvm";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") return "tcg";
    throw error;
  }
}

async function ready(guest: Powered): Promise<void> {
  await guest.until(new RegExp(BANNER));
  await guest.ask("ifconfig eth0 10.0.2.15 up");
}

async function moved(guest: Powered, line: string): Promise<void> {
  const said = await guest.ask(`${line} 2>&1`);
  if (!said.includes("status 0")) throw new Error(`the guest cannot: ${said}`);
}

/** The guest listens before the first byte is sent, and ends when it has the last one. */
async function received(guest: Powered, setting: Setting): Promise<void> {
  const ended = guest.ask("echo listening; nc -l -p 80 > /dev/null");
  await guest.until(/listening\r?\n$/, 0);
  await new Promise<void>((resolve, reject) => {
    const socket = connect(PORTS[setting], "127.0.0.1", () => socket.end(Buffer.alloc(NETWORK_MB << 20)));
    socket.once("error", reject);
    socket.once("close", () => resolve());
  });
  await ended;
}

async function row(
  what: string,
  guests: Readonly<Record<Setting, Powered>>,
  megabytes: number,
  transfer: (guest: Powered, setting: Setting) => Promise<void>,
): Promise<Row> {
  const rates: Record<Setting, number[]> = { plain: [], domain: [] };
  const ratios: number[] = [];
  // Round 0 fills caches.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const setting of settings) {
      const begin = performance.now();
      await transfer(guests[setting], setting);
      if (round > 0) rates[setting].push(megabytes / ((performance.now() - begin) / 1000));
    }
    if (round > 0) ratios.push((rates.domain.at(-1) ?? 0) / (rates.plain.at(-1) ?? 1));
  }
  const figures = { plain: median(rates.plain), domain: median(rates.domain) };
  return { what, unit: "MB/s", figures, note: verdict(median(ratios), "plain", BUDGET, true) };
}
