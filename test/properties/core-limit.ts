import { readFileSync } from "node:fs";

const CAP_SYS_RESOURCE = 1n << 24n;

/** Whether this process may raise a hard limit: root of a container may not. */
export function mayRaise(): boolean {
  const text = /^CapEff:\t([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
  return (BigInt(`0x${text}`) & CAP_SYS_RESOURCE) !== 0n;
}
