import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { PUBLIC_PROGRAM } from "../../src/base/modes.ts";
import { beginPrivileges } from "../../src/kernel/probe/privileges.ts";
import { scratchFolder } from "../support/scratch.ts";

const { PATH } = process.env;
afterEach(() => {
  process.env.PATH = PATH;
});

test("a process to look at that has ended is no proof that the kernel forbids to look", () => {
  const folder = scratchFolder("target");
  fs.writeFileSync(join(folder, "sleep"), "#!/bin/sh\n", { mode: PUBLIC_PROGRAM });
  process.env.PATH = `${folder}:${PATH}`;
  // On a busy host it may not have ended yet.
  expect([{ state: "yes" }, expect.objectContaining({ state: "unknown" })]).toContainEqual(
    beginPrivileges()()["target-access"],
  );
});
