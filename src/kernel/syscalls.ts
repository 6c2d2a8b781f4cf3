import { syscallNumbers } from "./syscalls.x86_64.ts";

/** The table of AUDIT_ARCH_X86_64, the only architecture. */
const names = new Map<number, string>(
  Object.entries(syscallNumbers).map(([name, number]) => [number, name]),
);

/** null for an unknown name. */
export function number(name: string): number | null {
  return Object.hasOwn(syscallNumbers, name) ? (syscallNumbers[name] ?? null) : null;
}

/** null for an unknown number, including x32 numbers. */
export function name(number: number): string | null {
  return names.get(number) ?? null;
}

/** By number. */
export function all(): readonly string[] {
  return [...names.values()];
}
