import { join } from "node:path";
import { compileC } from "../support/compile-c.ts";
import { scratchFolder } from "../support/scratch.ts";

/** The program that takes over daemons, built; `BREAK_IN` is where a host has it. */
export function builtBreakIn(): string {
  const program = join(scratchFolder("break-in"), "break-in");
  compileC(program, join(import.meta.dirname, "break-in.c"), [
    ...["-O1", "-Wall", "-Wextra", "-Werror", "-static", "-D_GNU_SOURCE"],
  ]);
  return program;
}
