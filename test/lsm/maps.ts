import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { libbpf } from "../../src/kernel/bpf/libbpf.ts";
import {
  accountLayout,
  COMPONENT_BYTES,
  executableLayout,
  LAYOUT,
  type LsmMap,
  lsmLimits,
  ROW_BYTES,
  standingLayout,
  UNIT_BYTES,
} from "../../src/kernel/bpf/lsm/layout.ts";
import { shippedLsmDigest } from "../../src/kernel/bpf/lsm/load.ts";
import {
  beginGeneration,
  completeGeneration,
  makePins,
  mapPin,
} from "../../src/kernel/bpf/lsm/pins.ts";
import { withFd } from "../../src/kernel/bpf/maps.ts";
import { check } from "../../src/kernel/bpf/object.ts";

/** `linux/bpf.h`. */
const HASH = 1;
const ARRAY = 2;
const ARRAY_OF_MAPS = 12;
const RINGBUF = 27;
const INNER_MAP = 1 << 12;
/** `struct bpf_map_create_opts` of bpf/bpf.h. */
const options = { inner: 24, flags: 28, bytes: 56 } as const;

/** Type, bytes of a key and of a value, entries. */
const forms: Readonly<Record<LsmMap, readonly [number, number, number, number]>> = {
  policies: [ARRAY_OF_MAPS, 4, 4, lsmLimits.policies],
  levels: [HASH, 4, standingLayout.bytes, lsmLimits.domains],
  executables: [HASH, executableLayout.bytes, 4, lsmLimits.executables],
  components: [HASH, COMPONENT_BYTES, 4, lsmLimits.executables],
  events: [RINGBUF, 0, 0, lsmLimits.eventsBytes],
  accounts: [HASH, 4, accountLayout.bytes, lsmLimits.domains],
  units: [HASH, UNIT_BYTES, 4, lsmLimits.units],
  unit_generations: [ARRAY, 4, 4, 1],
  // What follows the agent's table uses none of these.
  unit_marks: [HASH, 4, 4, 1],
  requests: [HASH, 4, 4, 1],
  labels: [HASH, 4, 4, 1],
  arrivals: [HASH, 4, 4, 1],
  peers: [HASH, 4, 4, 1],
};

function create(form: readonly [number, number, number, number], at: object): number {
  const given = Buffer.alloc(options.bytes);
  given.writeBigUInt64LE(BigInt(options.bytes), 0);
  for (const [offset, value] of Object.entries(at)) given.writeUInt32LE(value, Number(offset));
  const [type, key, value, entries] = form;
  return check("make a map", libbpf().createMap(type, "test", key, value, entries, given));
}

/**
 * The engine's maps at `pins`, on a bpffs, as if its programs were attached: nothing is held by
 * them.
 */
export function pinMaps(pins: string): void {
  mkdirSync(dirname(pins), { recursive: true });
  makePins(pins);
  for (const [name, form] of Object.entries(forms))
    withFd(create([ARRAY, 4, ROW_BYTES, 1], { [options.flags]: INNER_MAP }), (inner) =>
      withFd(create(form, form[0] === ARRAY_OF_MAPS ? { [options.inner]: inner } : {}), (fd) =>
        check("pin a map", libbpf().pin(fd, mapPin(pins, name as LsmMap))),
      ),
    );
  const generation = { number: 1, layout: LAYOUT, digest: shippedLsmDigest() };
  beginGeneration(pins, generation);
  completeGeneration(pins, generation);
}
