import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { BANNER, emulator, guestFiles, Powered } from "../test/machines/guest.ts";
import { freePort } from "../test/support/free-port.ts";
import { machineMissing } from "../test/vm/machine.ts";
import { hasOwnHost, OwnHost } from "./own-host.ts";
import { progress } from "./progress.ts";
import { cofferdam, median, type Scratch } from "./scratch.ts";
import { type Row, rootOnly, verdict } from "./table.ts";

/**
 * Consecutive rounds of both settings; the first one alternates. Round 0 fills caches and is not
 * counted.
 */
const ROUNDS = 12;
/** Megabytes of one transfer: what takes some tenths of a second under tcg. */
const [READ_MB, WRITE_MB, SMALL_MB, NETWORK_MB] = [512, 192, 6, 16];
/** Ports of the guest's servers. */
const [GIVES, TAKES] = [80, 81];
/** A transfer that takes longer has hung, in milliseconds. */
const TRANSFER_MS_MAX = 30_000;
const BUDGET = 0.98;
const settings = ["plain", "domain"] as const;

type Setting = (typeof settings)[number];

/**
 * One of the two machines: the serial line of its guest, and the ports of this host that lead to
 * the guest's servers.
 */
interface Guest {
  readonly powered: Powered;
  readonly ports: { readonly gives: number; readonly takes: number };
}
type Guests = Readonly<Record<Setting, Guest>>;
type Transfer = (guest: Guest) => Promise<unknown>;

const disk =
  (line: string): Transfer =>
  (guest) =>
    said(guest, `dd ${line} 2>&1`);

/**
 * What a guest moves in a second, to and from its disk and its network, with its emulator outside
 * and inside a domain.
 */
export async function machineThroughput(scratch: Scratch): Promise<Row[]> {
  const missing = machineMissing();
  if (!hasOwnHost()) return [rootOnly("a guest's transfers", "MB/s")];
  if (missing !== null)
    return [{ what: "a guest's transfers", unit: "MB/s", figures: {}, note: missing }];
  const host = await OwnHost.start(new Map());
  const guests = await guestsOf(scratch);
  try {
    for (const guest of Object.values(guests)) await ready(guest);
    const rows: readonly [string, number, Transfer][] = [
      [
        "reads of the disk, 1 MB each",
        READ_MB,
        disk(`if=/dev/vda of=/dev/null iflag=direct bs=1M count=${READ_MB}`),
      ],
      [
        "writes to the disk, 1 MB each",
        WRITE_MB,
        disk(`if=/dev/zero of=/dev/vda oflag=direct bs=1M count=${WRITE_MB}`),
      ],
      [
        "reads of 4 kB",
        SMALL_MB,
        disk(`if=/dev/vda of=/dev/null iflag=direct bs=4k count=${SMALL_MB * 256}`),
      ],
      ["network, out of the guest", NETWORK_MB, given],
      ["network, into the guest", NETWORK_MB, taken],
    ];
    const measured: Row[] = [];
    for (const one of rows) measured.push(await row(guests, ...one));
    return measured;
  } finally {
    for (const { powered } of Object.values(guests)) await powered.off();
    await host.stop();
  }
}

async function guestsOf(scratch: Scratch): Promise<Guests> {
  const base = emulator(guestFiles(scratch.folder));
  // In the host's cache: the emulator is measured, and not the host's disk. One for both, since how
  // an image lies in memory makes some hundredths.
  const image = scratch.file("disk.img");
  writeFileSync(image, Buffer.alloc(READ_MB << 20));
  const drive = [
    "-drive",
    `file=${image},format=raw,if=virtio,cache=writeback,aio=threads,file.locking=off`,
  ];
  const guest = async (before: readonly string[]): Promise<Guest> => {
    const ports = { gives: await freePort(), takes: await freePort() };
    const forward = (port: number, to: number): string => `hostfwd=tcp:127.0.0.1:${port}-:${to}`;
    const forwards = `${forward(ports.gives, GIVES)},${forward(ports.takes, TAKES)}`;
    const network = `user,model=virtio-net-pci,${forwards}`;
    const command = [...before, ...base, ...drive, "-nic", network];
    return { ports, powered: new Powered(command, scratch.folder) };
  };
  const domain = await guest([cofferdam, "vm", "run", "bench", "--"]);
  return { plain: await guest([]), domain };
}

/**
 * Servers in the guest, one that gives a file and one that takes what is sent to it. A guest in a
 * domain cannot be the one that connects: user networking leads everywhere but to the host.
 */
async function ready(guest: Guest): Promise<void> {
  await guest.powered.until(new RegExp(BANNER));
  for (const line of [
    "ifconfig eth0 10.0.2.15 up",
    `dd if=/dev/zero of=/file bs=1M count=${NETWORK_MB} 2>&1`,
    `nc -ll -p ${GIVES} -e cat /file &`,
    `nc -ll -p ${TAKES} -e sh -c 'cat > /dev/null' &`,
  ])
    await said(guest, line);
}

async function said({ powered }: Guest, line: string): Promise<void> {
  const said = await powered.ask(line);
  if (!said.includes("status 0")) throw new Error(`the guest cannot: ${said}`);
}

const given: Transfer = async ({ ports }) => {
  const bytes = await exchanged(ports.gives, Buffer.alloc(0));
  if (bytes !== NETWORK_MB << 20) throw new Error(`the guest gave ${bytes} bytes`);
};
/** It closes when it has read all. */
const taken: Transfer = ({ ports }) => exchanged(ports.takes, Buffer.alloc(NETWORK_MB << 20));

/** How much came until the other end closed. */
async function exchanged(port: number, sent: Buffer): Promise<number> {
  const socket = connect({ port, host: "127.0.0.1", timeout: TRANSFER_MS_MAX });
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  socket.once("timeout", () => socket.destroy(new Error("the guest's network has hung")));
  socket.end(sent);
  await once(socket, "close");
  return bytes;
}

async function row(
  guests: Guests,
  what: string,
  megabytes: number,
  transfer: Transfer,
): Promise<Row> {
  progress(what);
  const rates: Record<Setting, number[]> = { plain: [], domain: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const setting of round % 2 === 0 ? settings : settings.toReversed()) {
      const begin = performance.now();
      await transfer(guests[setting]);
      if (round > 0) rates[setting].push(megabytes / ((performance.now() - begin) / 1000));
    }
  }
  const ratios = rates.plain.map((rate, round) => (rates.domain[round] ?? 0) / rate);
  const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  const figures = { plain: median(rates.plain), domain: median(rates.domain) };
  return {
    what,
    unit: "MB/s",
    figures,
    note: `${verdict(median(ratios), "plain", BUDGET, true)}, rounds ${spread}`,
  };
}
