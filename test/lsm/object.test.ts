import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DOMAIN_NUMBERS_MAX } from "../../src/domains/live-table-layout.ts";
import * as layout from "../../src/kernel/bpf/lsm/layout.ts";
import { Permission } from "../../src/model/permission.ts";
import { scratchFolder } from "../support/scratch.ts";
import { skipUnless } from "../support/skip.ts";

const CLANG = "clang-19";
const bpf = new URL("../../bpf/", import.meta.url).pathname;
const sources = readdirSync(join(bpf, "lsm")).map(
  (name) => [name, readFileSync(join(bpf, "lsm", name), "utf8")] as const,
);

/** What C says of each struct and constant, as assertions that a compiler checks. */
function assertions(): readonly string[] {
  const structs = {
    table_head: layout.headLayout,
    executable: layout.executableLayout,
    event: layout.eventLayout,
    account: layout.accountLayout,
    standing: layout.standingLayout,
    label: layout.labelLayout,
    arrival: layout.arrivalLayout,
    endpoint: layout.endpointLayout,
  };
  const members = Object.entries(structs).flatMap(([name, { bytes, ...offsets }]) => [
    `sizeof(struct ${name}) == ${bytes}`,
    ...Object.entries(offsets)
      .filter(([member]) => !/[A-Z]/.test(member))
      .map(([member, at]) => `__builtin_offsetof(struct ${name}, ${member}) == ${at}`),
  ]);
  const headInC = {
    lastFinal: "last_final",
    classCount: "class_count",
    signalsRow: "signals_row",
    signalCount: "signal_count",
    networkRow: "network_row",
    networkStarts: "network_starts",
  };
  const { rootDevice, rootInode, seed, bytes } = layout.configurationLayout;
  const permissions = [
    "read",
    "write",
    "create",
    "delete",
    "execute",
    "map",
    "attributes",
  ] as const;
  return [
    ...members,
    ...Object.entries(headInC).map(
      ([member, name]) =>
        `__builtin_offsetof(struct table_head, ${name}) == ` +
        layout.headLayout[member as keyof typeof headInC],
    ),
    `__builtin_offsetof(struct configuration, root_device) == ${rootDevice}`,
    `__builtin_offsetof(struct configuration, root_inode) == ${rootInode}`,
    `__builtin_offsetof(struct configuration, seed) == ${seed}`,
    `sizeof(struct configuration) == ${bytes}`,
    `__builtin_offsetof(struct label, name) == sizeof(struct event) +
       __builtin_offsetof(struct label, event)`,
    `sizeof(struct row) == ${layout.ROW_BYTES}`,
    `ROW_WORDS == ${layout.ROW_WORDS}`,
    `EXECUTABLE_BYTES == ${layout.EXECUTABLE_BYTES}`,
    `COMPONENT_BYTES == ${layout.COMPONENT_BYTES}`,
    ...Object.entries(layout.grantedWord).map(
      ([word, bit]) => `GRANTED_${word.toUpperCase()} == ${bit}`,
    ),
    ...layout.endpointUses.map((use, at) => `${use.toUpperCase().replace(" ", "_")} == ${at}`),
    `ENDPOINT_USES == ${layout.endpointUses.length}`,
    `UNIT_BYTES == ${layout.UNIT_BYTES}`,
    `sizeof(struct unit) == ${layout.UNIT_BYTES}`,
    `UNITS_MAX == ${layout.lsmLimits.units}`,
    `STAYS_OUTSIDE == ${layout.STAYS_OUTSIDE}`,
    `DOMAINS_MAX == ${layout.lsmLimits.domains}`,
    `POLICIES_MAX == ${layout.lsmLimits.policies}`,
    `POLICIES_MAX == ${DOMAIN_NUMBERS_MAX + 1}`,
    `EXECUTABLES_MAX == ${layout.lsmLimits.executables}`,
    `PEERS_MAX == ${layout.lsmLimits.peers}`,
    `sizeof(struct peer) == ${layout.PEER_BYTES}`,
    `EVENTS_BYTES == ${layout.lsmLimits.eventsBytes}`,
    `UNREAD_BYTES_MAX == ${layout.lsmLimits.unreadBytes}`,
    `EVENTS_PER_WINDOW_MAX == ${layout.lsmLimits.eventsPerWindow}`,
    `REQUEST_TRANSITION == ${layout.requestKinds.indexOf("transition")}`,
    `REQUEST_DEVICE == ${layout.requestKinds.indexOf("device")}`,
    `REQUEST_SERVICE == ${layout.requestKinds.indexOf("service")}`,
    ...layout.services.map((name, at) => `SERVICE_${name.toUpperCase()} == ${at}`),
    `ACT_OWNER == ${layout.processActs.indexOf("owner")}`,
    `NAME_KERNELS == ${layout.nameStates.indexOf("kernel's")}`,
    `LAUNCHED_OWN == ${layout.launchedStates.indexOf("own")}`,
    `LEVEL_DISABLED == ${layout.lsmLevels.indexOf("disabled")}`,
    ...permissions.map((name) => `MAY_${name.toUpperCase()} == ${Permission[name]}`),
    `MAY_IOCTL == ${Permission.ioctl}`,
    `MAY_CONNECT == ${Permission.connect}`,
    `MAY_LISTEN == ${Permission.listen}`,
  ];
}

test("what C and TypeScript share has one layout", (context) => {
  skipUnless(context, hasClang(), `${CLANG} is not installed`);
  const source = join(scratchFolder("lsm-layout"), "layout.c");
  const lines = assertions().map((one) => `_Static_assert(${one}, "");\n`);
  writeFileSync(source, `#include "lsm/task.h"\n#include "lsm/peers.h"\n${lines.join("")}`);
  const multiarch = `/usr/include/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
  const options = ["--target=bpf", "-fsyntax-only", "-I", bpf, "-isystem", multiarch];
  const { status, stderr } = spawnSync(CLANG, [...options, source], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
});

function hasClang(): boolean {
  try {
    execFileSync(CLANG, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * Of what user space and the programs share: sizes and values, and the words in which tables.h and
 * records.h say what they mean.
 */
function digestOfLayout(): string {
  const headers = ["tables.h", "records.h", "peers.h"].map((name) =>
    readFileSync(join(bpf, "lsm", name), "utf8"),
  );
  const shared = [...assertions(), ...headers].join("\n");
  return createHash("sha256").update(shared).digest("hex").slice(0, 16);
}

test("the layout of what lasts is for good: no version may change it", () => {
  expect(layout.lastingMaps).toEqual(["labels", "arrivals"]);
  expect(layout.labelLayout).toEqual({ domain: 0, launched: 4, next: 8, zero: 12, bytes: 7936 });
  expect(layout.arrivalLayout).toEqual({ domain: 0, launched: 4, taken: 8, bytes: 16 });
});

test("another layout has another number, by which an upgrade begins with maps of its own", () => {
  // Where only words have changed, or a limit of no map, the number stays.
  expect([layout.LAYOUT, digestOfLayout()]).toEqual([2, "07698d3c3a69104e"]);
});

/** The functions and hooks of a source, each from its first line to the closing brace. */
function functionsOf(source: string): readonly string[] {
  return source.match(/^(?:SEC\(|static ).*?^}$/gms) ?? [];
}

test("no hook asks the kernel for the name of a file that may be NULL", () => {
  const asking = sources.flatMap(([name, text]) =>
    functionsOf(text)
      .filter((one) => /&\w+->f_path/.test(one))
      .map((one) => [name, one] as const),
  );
  expect(asking.length).toBeGreaterThanOrEqual(4);
  for (const [name, one] of asking) {
    const [use = "", file = ""] = /&(\w+)->f_path/.exec(one) ?? [];
    const before = one.slice(0, one.indexOf(use));
    expect(before, `${name}: ${one}`).toMatch(new RegExp(`!${file}\\b`));
  }
  // For this hook the verifier takes the file for never NULL, so that its bytes are read.
  const mapping = functionsOf(sources.find(([name]) => name === "files.h")?.[1] ?? "").find((one) =>
    one.includes("lsm/mmap_file"),
  );
  expect(mapping).toMatch(/is_anonymous\(ctx\)[\s\S]*->f_path/);
});

test("the kernel's name is asked for in one place", () => {
  const callers = sources.filter(([, text]) => /bpf_path_d_path\(path, label/.test(text));
  expect(callers.map(([name]) => name)).toEqual(["name.h"]);
});

test("every program is loaded and pinned", () => {
  const hooks = sources.flatMap(([, text]) => [
    ...[...text.matchAll(/^int BPF_PROG\((\w+)/gm)].map((match) => match[1] ?? ""),
    ...[...text.matchAll(/^\w+_HOOK\((\w+)/gm)].map((match) => `on_${match[1]}`),
  ]);
  expect([...layout.lsmPrograms].sort()).toEqual(hooks.sort());
});

test("a process in no domain leaves every program before it looks at anything else", () => {
  const late = [
    ...["on_exec_begins", "on_exec_commits", "on_mmap_file", "on_file_mprotect"],
    "on_owner_signal",
  ];
  for (const [name, text] of sources)
    for (const one of functionsOf(text).filter((one) => one.startsWith("SEC("))) {
      const program = /BPF_PROG\((\w+)/.exec(one)?.[1];
      if (program === undefined || late.includes(program)) continue;
      expect(one, `${name}: ${program}`).toMatch(
        /label_of_current\(\)|is_outside\(\)|judge_(?:path|entry|other|owner|request|service)|refuse_new_meaning|received\(ctx/,
      );
    }
});
