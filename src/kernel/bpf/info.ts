/**
 * Offsets in `struct bpf_prog_info` (linux/bpf.h) and the length asked for, bytes: up to the name.
 */
export const programInfo = { id: 4, tag: 8, mapCount: 52, mapIds: 56, bytes: 64 } as const;

/** The same of `struct bpf_map_info`, up to the name's end. */
export const mapInfo = { id: 4, name: 24, bytes: 40 } as const;
