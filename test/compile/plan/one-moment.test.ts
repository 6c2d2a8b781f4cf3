import { expect, test } from "vitest";
import { oneMoment } from "../../../src/compile/one-moment.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { snapshotOf } from "../../policy/snapshot.ts";

test("a name keeps its first answer, also that it is absent", () => {
  const before = snapshotOf(["/etc/a -> b"]);
  const after = snapshotOf(["/etc/a", "/etc/b"]);
  let now: Snapshot = before;
  const snapshot = oneMoment({ lookup: (path) => now.lookup(path), list: (path) => now.list(path) });
  const seen = ["/etc/a", "/etc/b"].map(snapshot.lookup);
  now = after;
  expect(["/etc/a", "/etc/b"].map(snapshot.lookup)).toEqual(seen);
  expect(seen.map((node) => node?.kind)).toEqual(["symlink", undefined]);
  expect(snapshot.list("/etc")).toEqual(["a", "b"]);
});
