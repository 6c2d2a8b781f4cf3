import { writeFileSync } from "node:fs";
import { BANNER, emulator, guestFiles, Powered } from "../test/machines/guest.ts";
import { machineMissing } from "../test/vm/machine.ts";
import { hasOwnHost, OwnHost } from "./own-host.ts";
import { progress } from "./progress.ts";
import { cofferdam, median, type Scratch } from "./scratch.ts";
import { type Row, rootOnly, verdict } from "./table.ts";

/** Transfers a setting, taken in turns so that a slow second hits all. */
const ROUNDS = 5;
/** What one transfer moves, megabytes. */
const DISK_MB = 64;
const SMALL_MB = 4;
const BUDGET = 0.98;
const settings = ["plain", "domain"] as const;

type Setting = (typeof settings)[number];

/** What a guest moves in a second, to and from its disk, with its emulator outside and inside a domain. */
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
      await row("small reads", guests, SMALL_MB, (guest) =>
        moved(guest, `dd if=/dev/vda of=/dev/null iflag=direct bs=4k count=${SMALL_MB * 256}`),
      ),
    ];
  } finally {
    for (const guest of Object.values(guests)) await guest.off();
    await host.stop();
  }
}

function guestsOf(scratch: Scratch): Record<Setting, Powered> {
  const base = emulator(guestFiles(scratch.folder));
  const command = (setting: Setting): readonly string[] => {
    const disk = scratch.file(`${setting}.img`);
    writeFileSync(disk, Buffer.alloc(DISK_MB << 20));
    return [...base, "-drive", `file=${disk},format=raw,if=virtio,cache=none,aio=threads`, "-nic", "none"];
  };
  return {
    plain: new Powered(command("plain"), scratch.folder),
    domain: new Powered([cofferdam, "vm", "run", "bench", "--", ...command("domain")], scratch.folder),
  };
}

async function ready(guest: Powered): Promise<void> {
  await guest.until(new RegExp(BANNER));
}

async function moved(guest: Powered, line: string): Promise<void> {
  const said = await guest.ask(`${line} 2>&1`);
  if (!said.includes("status 0")) throw new Error(`the guest cannot: ${said}`);
}

async function row(
  what: string,
  guests: Readonly<Record<Setting, Powered>>,
  megabytes: number,
  transfer: (guest: Powered) => Promise<void>,
): Promise<Row> {
  progress(what);
  const rates: Record<Setting, number[]> = { plain: [], domain: [] };
  const ratios: number[] = [];
  // Round 0 fills caches.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const setting of settings) {
      const begin = performance.now();
      await transfer(guests[setting]);
      if (round > 0) rates[setting].push(megabytes / ((performance.now() - begin) / 1000));
    }
    if (round > 0) ratios.push((rates.domain.at(-1) ?? 0) / (rates.plain.at(-1) ?? 1));
  }
  const figures = { plain: median(rates.plain), domain: median(rates.domain) };
  return { what, unit: "MB/s", figures, note: verdict(median(ratios), "plain", BUDGET, true) };
}
