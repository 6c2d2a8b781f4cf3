import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { factOf } from "../../../src/compile/facts.ts";
import { type HostSnapshot, hostSnapshot } from "../../../src/compile/host-snapshot.ts";
import { oneMoment } from "../../../src/compile/one-moment.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { loadPolicy } from "../../../src/policy/load.ts";
import { snapshotOf } from "../../policy/snapshot.ts";
import { vocabulary } from "../../policy/vocabulary.ts";
import { planOf, tree } from "./fixtures.ts";

const looking = (at: () => Snapshot): HostSnapshot => ({
  look: (path) => ({ node: at().lookup(path), fact: () => ({ kind: "absent", path }) }),
  lookup: (path) => at().lookup(path),
  list: (path) => at().list(path),
});

test("a name keeps its first answer, also that it is absent, and a directory its names", () => {
  const before = snapshotOf(["/etc/a -> b"]);
  const after = snapshotOf(["/etc/a", "/etc/b"]);
  let now: Snapshot = before;
  const snapshot = oneMoment(looking(() => now));
  const seen = ["/etc/a", "/etc/b"].map(snapshot.lookup);
  const listed = snapshot.list("/etc");
  now = after;
  expect(["/etc/a", "/etc/b"].map(snapshot.lookup)).toEqual(seen);
  expect(seen.map((node) => node?.kind)).toEqual(["symlink", undefined]);
  expect(snapshot.list("/etc")).toEqual(listed);
});

test("a fact is what the plan was made from, taken before the directory's names were read", () => {
  const { root, drop } = tree(["a/", "a/x"]);
  try {
    const snapshot = oneMoment(hostSnapshot());
    const names = snapshot.list(`${root}/a`);
    snapshot.lookup(`${root}/late`);
    writeFileSync(`${root}/a/y`, "");
    writeFileSync(`${root}/late`, "");
    expect(names).toEqual(["x"]);
    expect(snapshot.factOf(`${root}/late`)).toEqual({ kind: "absent", path: `${root}/late` });
    expect(snapshot.factOf(`${root}/a`)).not.toEqual(factOf(`${root}/a`));
  } finally {
    drop();
  }
});

test("a policy file that changes or is newly preferred makes the plan stale", async () => {
  const { root, drop } = tree(["first/", "second/", "second/web.yaml"]);
  try {
    const searchPath = [`${root}/first`, `${root}/second`];
    writeFileSync(`${root}/second/web.yaml`, "syscalls: [read]\n", { mode: 0o644 });
    const { policy, files, absent, identities } = loadPolicy(
      { name: "web", searchPath },
      { vocabulary },
    );
    const now = {
      file: factOf(`${root}/second/web.yaml`),
      absent: factOf(`${root}/first/web.yaml`),
    };
    writeFileSync(`${root}/second/web.yaml`, "syscalls: [read, write]\n");
    writeFileSync(`${root}/first/web.yaml`, "syscalls: []\n");
    if (policy === null) throw new Error("the policy is wrong");
    const plan = await planOf(policy, { files, absent, identities });
    expect(plan.facts).toContainEqual({ ...now.file, role: "authority" });
    expect(plan.facts).toContainEqual({ ...now.absent, role: "authority" });
  } finally {
    drop();
  }
});
