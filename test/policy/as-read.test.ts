import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { PUBLIC_FILE, PUBLIC_FOLDER, SHARED_FOLDER } from "../../src/base/modes.ts";
import { type Basis, basisOf, loadPolicy, PolicyLook } from "../../src/policy/load.ts";
import { scratchFolder } from "../support/scratch.ts";
import { vocabulary } from "./vocabulary.ts";

const owners = [0, process.geteuid?.() ?? 0];

/** Longer than files count as having changed just now, milliseconds. */
const SETTLED_MS = 1_200;
/** Until files count as settled on a machine with other work, milliseconds. */
const WAIT_MS_MAX = 60_000;

let root = "";
let changed = 0;
beforeAll(async () => {
  root = realpathSync(scratchFolder("as-read"));
  for (const name of Object.keys(changes)) make(name);
  make("untouched");
  // Files that have changed just now may change again within the same time stamp.
  await vi.waitFor(() => expect(basisOf(load("untouched"))).not.toBeNull(), WAIT_MS_MAX);
});

/** A library of its own for each case: two folders, the policy in the second. */
function make(name: string): void {
  for (const folder of ["etc", "lib", "lib/abstractions"])
    mkdirSync(join(root, name, folder), { recursive: true });
  writeFileSync(join(root, name, "lib/web.yaml"), "include: [common]\n", { mode: PUBLIC_FILE });
  writeFileSync(join(root, name, "lib/abstractions/common.yaml"), "syscalls: [read]\n", {
    mode: PUBLIC_FILE,
  });
  for (const folder of ["", "etc", "lib", "lib/abstractions"])
    chmodSync(join(root, name, folder), PUBLIC_FOLDER);
}

function load(name: string) {
  return loadPolicy(
    { name: "web", searchPath: [join(root, name, "etc"), join(root, name, "lib")] },
    { vocabulary },
  );
}

function basis(name: string): Basis {
  const found = basisOf(load(name));
  if (found === null) throw new Error("the policy cannot be used, or its files are not settled");
  return found;
}

const changes: Readonly<Record<string, (at: (file: string) => string) => void>> = {
  "its file has other contents of the same length": (at) =>
    writeFileSync(at("lib/web.yaml"), "include: [uncommon]\n".slice(0, 18)),
  "its file is another one with the same contents": (at) => {
    copyFileSync(at("lib/web.yaml"), at("lib/new"));
    renameSync(at("lib/new"), at("lib/web.yaml"));
  },
  "its file is gone": (at) => rmSync(at("lib/web.yaml")),
  "its file has another mode": (at) => chmodSync(at("lib/web.yaml"), 0o664),
  "its file has another name too": (at) => linkSync(at("lib/web.yaml"), at("lib/other.yaml")),
  "what it includes has changed": (at) =>
    writeFileSync(at("lib/abstractions/common.yaml"), "syscalls: [write]\n"),
  "a file lies before it": (at) => writeFileSync(at("etc/web.yaml"), "syscalls: []\n"),
  "a link that leads nowhere lies before it": (at) => symlinkSync("nowhere", at("etc/web.yaml")),
  "a folder lies before it with what it includes": (at) => {
    mkdirSync(at("etc/abstractions"));
    writeFileSync(at("etc/abstractions/common.yaml"), "syscalls: []\n");
  },
  "others may change its folder": (at) => chmodSync(at("lib"), SHARED_FOLDER),
  "others may change a folder on its way": (at) => chmodSync(at(""), SHARED_FOLDER),
  "others may change the folder of what it includes": (at) =>
    chmodSync(at("lib/abstractions"), SHARED_FOLDER),
};

test.for(Object.keys(changes))("a policy is read again where %s", (name) => {
  const was = basis(name);
  expect(new PolicyLook(owners, 0).holds(was)).toBe(true);
  changes[name]?.((file) => join(root, name, file));
  changed++;
  expect(new PolicyLook(owners, 0).holds(was)).toBe(false);
});

test("it is not read again for what happens beside it", () => {
  const was = basis("untouched");
  writeFileSync(join(root, "untouched/lib/other.yaml"), "syscalls: []\n");
  expect(new PolicyLook(owners, 0).holds(was)).toBe(true);
  expect(changed).toBe(Object.keys(changes).length);
});

test("a file that changed just now is not relied on: it may change in the same clock tick", () => {
  const file = join(root, "untouched/lib/web.yaml");
  writeFileSync(file, "include: [common]\n");
  const { ctimeMs } = statSync(file);
  vi.useFakeTimers({ toFake: ["Date"], now: ctimeMs + 500 });
  try {
    expect(basisOf(load("untouched"))).toBeNull();
    vi.setSystemTime(ctimeMs + SETTLED_MS);
    expect(basisOf(load("untouched"))).not.toBeNull();
  } finally {
    vi.useRealTimers();
  }
});

test("owners who are believed no more make every file doubtful", () => {
  make("owners");
  const { identities, absent, until } = load("owners");
  const was = { identities, absent, until };
  expect(new PolicyLook(owners, 0).holds(was)).toBe(true);
  expect(new PolicyLook([2 ** 31], 0).holds(was)).toBe(false);
});
