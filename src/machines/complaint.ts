import { ExitCode } from "../host/exit-code.ts";
import { HostError } from "../host/host-error.ts";
import type { Origin } from "./resource.ts";

/** Characters of an option that a message shows. */
const SHOWN_MAX = 60;

/** @throws HostError with the problem, its place, and what to do */
export function complain(origin: Origin, problem: string, help: string): never {
  throw new HostError(`${placeOf(origin)}: ${problem}`, help, ExitCode.usage);
}

export function placeOf({ argument, text, offset }: Origin): string {
  const shown = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text;
  const before = argument === 0 ? "" : `argument ${argument}, `;
  const after = offset === null ? "" : `, character ${offset + 1}`;
  return `${before}\`${shown}\`${after}`;
}
