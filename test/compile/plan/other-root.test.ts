import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hostSnapshot } from "../../../src/compile/host-snapshot.ts";
import { scratchFolder } from "../../support/scratch.ts";

test("a snapshot below another root has that root's names, and none of the host's", () => {
  const root = scratchFolder("root");
  try {
    mkdirSync(join(root, "etc"));
    writeFileSync(join(root, "etc/own"), "");
    symlinkSync("/etc/own", join(root, "etc/link"));
    const snapshot = hostSnapshot(root);
    expect(snapshot.list("/etc")).toEqual(["link", "own"]);
    expect(snapshot.lookup("/etc/own")?.kind).toBe("file");
    expect(snapshot.lookup("/etc/link")?.target).toBe("/etc/own");
    expect(snapshot.lookup("/etc/passwd")).toBeNull();
    expect(snapshot.look("/etc/own").fact()).toMatchObject({ kind: "node", path: "/etc/own" });
  } finally {
    rmSync(root, { recursive: true });
  }
});
