import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { hasExecutableStack } from "../../src/host/executable-stack.ts";
import { compileC } from "../support/compile-c.ts";
import { scratchFolder } from "../support/scratch.ts";

const folder = scratchFolder("stack");
const source = join(folder, "program.c");

beforeAll(() => writeFileSync(source, "int main(void) { return 0; }\n"));

test.each([
  ["execstack", true],
  ["noexecstack", false],
])("a program linked with -z %s: %s", (option, expected) => {
  const program = join(folder, option);
  compileC(program, source, ["-Wl,-z", `-Wl,${option}`, "-Wl,--no-warn-execstack"]);
  expect(hasExecutableStack(program)).toBe(expected);
});

test("a program of i386 without the header", () => {
  const program = Buffer.alloc(4096);
  program.write("\x7fELF\x01", "latin1");
  writeFileSync(join(folder, "i386"), program);
  expect(hasExecutableStack(join(folder, "i386"))).toBe(true);
});

test("what is no program, and what cannot be read, has none", () => {
  writeFileSync(join(folder, "short"), "\x7fELF");
  for (const path of [source, join(folder, "short"), folder, join(folder, "gone"), "/dev/null"])
    expect(hasExecutableStack(path), path).toBe(false);
});
