import { syscallNumbers } from "./syscalls.x86_64.ts";

/** AUDIT_ARCH_X86_64 and its table: the one architecture there is a table for. */
const names = new Map<number, string>(
  Object.entries(syscallNumbers).map(([name, number]) => [number, name]),
);

/** Number of a system call on x86_64; null for a name that is none. */
export function number(name: string): number | null {
  return Object.hasOwn(syscallNumbers, name) ? (syscallNumbers[name] ?? null) : null;
}

/** Name of a system call on x86_64; null for a number that has none, x32 numbers included. */
export function name(number: number): string | null {
  return names.get(number) ?? null;
}

/** All names, by number. */
export function all(): readonly string[] {
  return [...names.values()];
}
