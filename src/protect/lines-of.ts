import { HostError } from "../host/host-error.ts";
import { ask } from "../host/units/systemctl.ts";

/** What a program of the host answers, in lines; none where the host has no such program. */
export function linesOf(program: string, words: readonly string[]): readonly string[] {
  try {
    return ask(program, words).out.split("\n");
  } catch (error) {
    if (error instanceof HostError) return [];
    throw error;
  }
}
