import type { Level } from "../../model/policy.ts";
import { libbpf } from "./libbpf.ts";
import { openAnchorMap, withFd } from "./maps.ts";
import { check } from "./object.ts";

export const CONTROL_MAP = "control";

/** `struct control` of bpf/tables.h: offsets and size, bytes. */
export const controlLayout = {
  level: 0,
  number: 4,
  generation: 8,
  table: 12,
  bytes: 16,
} as const;

/** `enum level` of bpf/tables.h, in order. */
const levels = ["enforcing", "warning", "disabled"] as const satisfies readonly Level[];

export interface Control {
  readonly level: Level;
  /** The domain whose level and policy it follows; null if these do not change. */
  readonly number: number | null;
  /** Of the policy in the tables, as in the host's table of domains; 0 before the first. */
  readonly generation: number;
  /** The table of domains that it follows (`host/live-sockets.ts`). */
  readonly table: number;
}

/** An unknown word counts as enforcing, as in the programs. */
export function levelOfControl(word: number): Level {
  return levels[word] ?? "enforcing";
}

export function controlBytes({ level, number, generation, table }: Control): Uint8Array {
  const bytes = Buffer.alloc(controlLayout.bytes);
  bytes.writeUInt32LE(levels.indexOf(level), controlLayout.level);
  bytes.writeUInt32LE(number ?? 0, controlLayout.number);
  bytes.writeUInt32LE(generation, controlLayout.generation);
  bytes.writeUInt32LE(table, controlLayout.table);
  return bytes;
}

/** `anchor`: an open cgroup directory. null if no program there has the map. */
export function readControl(anchor: number): Control | null {
  return withControl(anchor, (map) => {
    const bytes = Buffer.alloc(controlLayout.bytes);
    check("read the control map", libbpf().lookupElement(map, ONLY_KEY, bytes));
    const number = bytes.readUInt32LE(controlLayout.number);
    return {
      level: levelOfControl(bytes.readUInt32LE(controlLayout.level)),
      number: number === 0 ? null : number,
      generation: bytes.readUInt32LE(controlLayout.generation),
      table: bytes.readUInt32LE(controlLayout.table),
    };
  });
}

/** Takes effect for every later call. The kernel refuses it if the map is frozen. */
export function writeControl(anchor: number, control: Control): void {
  withControl(anchor, (map) =>
    check("write the control map", libbpf().updateElement(map, ONLY_KEY, controlBytes(control), 0)),
  );
}

const ONLY_KEY = Buffer.alloc(4);

function withControl<T>(anchor: number, work: (map: number) => T): T | null {
  const map = openAnchorMap(anchor, CONTROL_MAP);
  return map === null ? null : withFd(map, work);
}
