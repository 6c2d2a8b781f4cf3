/** What an administrator is told where the kernel refuses the bpf-lsm engine. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PERMISSION_BITS, PRIVATE_FILE } from "../../src/base/modes.ts";
import { explained } from "../../src/host/explained.ts";
import { HostError } from "../../src/host/host-error.ts";
import type { Places } from "../../src/host/places.ts";
import { BpfError } from "../../src/kernel/bpf/errors.ts";
import { EACCES, ENOENT } from "../../src/kernel/constants.ts";
import { scratchPlaces } from "../agent/scratch-places.ts";
import { root } from "../house/tree.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder: string;
let places: Places;
let file: string;

beforeEach(() => {
  folder = scratchFolder("explained");
  places = scratchPlaces(folder, root);
  file = join(dirname(places.system.control), "verifier.log");
});
afterEach(() => rmSync(folder, { recursive: true }));

const log = "0: R1=ctx() R10=fp0\n1: (79) r0 = *(u64 *)(r1 +999)\ninvalid bpf_context access\n";

function told(error: Error): HostError {
  try {
    explained(places, () => {
      throw error;
    });
  } catch (thrown) {
    if (thrown instanceof HostError) return thrown;
    throw thrown;
  }
  throw new Error("nothing was thrown");
}

test("the verifier's verdict is said, and its whole log is in a file for root alone", () => {
  const { message } = told(new BpfError("load program file_open", EACCES, log));
  expect(message).toMatch(/load program file_open: EACCES: invalid bpf_context access/);
  expect(message).toContain(file);
  expect(message).not.toContain("R10=fp0");
  expect(readFileSync(file, "utf8")).toContain(log);
  expect(statSync(file).mode & PERMISSION_BITS).toBe(PRIVATE_FILE);
  // The next refusal replaces it.
  told(new BpfError("load program file_open", EACCES, "another\n"));
  expect(readFileSync(file, "utf8")).not.toContain(log);
});

test("an error without a log names no file, and leaves none", () => {
  expect(told(new BpfError("open a map", ENOENT)).message).toBe(
    "the bpf-lsm engine: open a map: ENOENT",
  );
  expect(() => statSync(file)).toThrow(/ENOENT/);
});

test("the verdict is said also where the log cannot be written", () => {
  // A file where the folder would be.
  rmSync(dirname(file), { recursive: true, force: true });
  mkdirSync(dirname(dirname(file)), { recursive: true });
  writeFileSync(dirname(file), "");
  const { message } = told(new BpfError("load program file_open", EACCES, log));
  expect(message).toMatch(/EACCES: invalid bpf_context access \(.* is not kept: .*run/);
});

test("any other error stays what it is", () => {
  expect(() => told(new TypeError("a fault"))).toThrow(TypeError);
});
