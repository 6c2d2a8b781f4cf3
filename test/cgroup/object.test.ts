import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { NETWORK_KEY_BYTES, PORT_SET_BYTES } from "../../src/compile/cgroup/address-table.ts";
import {
  configurationBytes,
  configurationOffsets,
  mapBytes,
  TRANSITIONS_PER_ROW,
} from "../../src/compile/cgroup/map-bytes.ts";
import {
  loadPrograms,
  PEERS_MAP,
  PEERS_MAX,
  programNames,
  shippedObject,
} from "../../src/compile/cgroup/programs.ts";
import { cgroupTables } from "../../src/compile/cgroup/tables.ts";
import { USES_MAX, useKeyLayout } from "../../src/kernel/bpf/capability-uses.ts";
import { controlLayout } from "../../src/kernel/bpf/control.ts";
import { BpfError, summarizeVerifierLog } from "../../src/kernel/bpf/errors.ts";
import { mapInfo, programInfo } from "../../src/kernel/bpf/info.ts";
import { BpfObject } from "../../src/kernel/bpf/object.ts";
import {
  instanceLayout,
  keyLayout,
  recordLimits,
  recordMaps,
  refusalKinds,
} from "../../src/kernel/bpf/refusals.ts";
import { readShipped } from "../../src/kernel/bpf/shipped.ts";
import { tallyLayout } from "../../src/kernel/bpf/tally.ts";
import { buildAutomaton } from "../../src/model/automaton/build.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { addressRule, connectUnix, policyOf } from "./policies.ts";

const CLANG = "clang-19";
const objects = ["capabilities", "cgroup", "lsm", "lsm_6_1"].map(
  (name) => `cofferdam_${name}.bpf.o`,
);
const bpf = new URL("../../bpf/", import.meta.url).pathname;
let scratch: string;

beforeAll(() => {
  scratch = scratchFolder("bpf");
});

function hasClang(): boolean {
  try {
    execFileSync(CLANG, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("the shipped objects are what their sources compile to", (context) => {
  skipUnless(context, hasClang(), `${CLANG} is not installed`);
  execFileSync(join(bpf, "build.sh"), [scratch]);
  for (const object of objects)
    expect(readFileSync(join(scratch, object)).equals(readShipped(object)), object).toBe(true);
});

test.each(objects)("%s names no folder of the machine that compiled it", (object) => {
  const text = Buffer.from(readShipped(object)).toString("latin1");
  const paths = text.match(/\/[a-z]+\/[a-zA-Z0-9_/.-]+/g) ?? [];
  expect(paths.filter((path) => /^\/(home|root|work|tmp|usr|build|src)\//.test(path))).toEqual([]);
});

/** Values of C expressions with integers. */
function askC(expressions: readonly string[]): number[] {
  const source = join(scratch, "layout.c");
  const printed = expressions
    .map((expression) => `printf("%d\\n", (int)(${expression}));`)
    .join("");
  const headers = [
    "<stdio.h>",
    "<stddef.h>",
    '"tables.h"',
    '"records.h"',
    '"answer.h"',
    '"capability_uses.h"',
  ]
    .map((name) => `#include ${name}\n`)
    .join("");
  writeFileSync(source, `${headers}int main(void) { ${printed} return 0; }\n`);
  execFileSync("gcc", ["-I", bpf, "-o", join(scratch, "layout"), source]);
  return execFileSync(join(scratch, "layout"), { encoding: "utf8" }).trim().split("\n").map(Number);
}

test("records are read as C writes them", () => {
  const structs = {
    refusal_key: keyLayout,
    instance: instanceLayout,
    control: controlLayout,
    use_key: useKeyLayout,
    tally: tallyLayout,
  };
  for (const [name, { bytes, ...offsets }] of Object.entries(structs)) {
    const fields = Object.keys(offsets).map((field) => `offsetof(struct ${name}, ${field})`);
    expect(askC([...fields, `sizeof(struct ${name})`])).toEqual([...Object.values(offsets), bytes]);
  }
  const { refusals, instances } = recordLimits;
  const numbers = askC([
    "REFUSALS_MAX",
    "INSTANCES_MAX",
    "REFUSAL_KINDS",
    "REFUSED_CREATE",
    "REFUSED_UNIX_SEND",
    "PEERS_MAX",
    "USES_MAX",
  ]);
  expect(numbers).toEqual([
    refusals,
    instances,
    refusalKinds.length,
    0,
    refusalKinds.indexOf("unixSend"),
    PEERS_MAX,
    USES_MAX,
  ]);
});

test("tables are written as C reads them", () => {
  const names = {
    unix_start: "unixStart",
    unix_first_own: "unixFirstOwn",
    unix_first_accepting: "unixFirstAccepting",
    unix_classes: "unixClasses",
  } as const;
  const more = {
    ping4_granted: "ping4",
    ping6_granted: "ping6",
    raw_granted: "raw",
    unix_class: "unixClass",
    answers: "answers",
  } as const;
  const fields = Object.entries({ ...names, ...more });
  const asked = [
    ...fields.map(([field]) => `offsetof(struct configuration, ${field})`),
    "sizeof(struct configuration)",
    "sizeof(struct network_key)",
    "sizeof(struct port_set)",
    "TRANSITIONS_PER_ROW",
    ...["tag", "nr_map_ids", "map_ids", "name"].map(
      (field) => `offsetof(struct bpf_prog_info, ${field})`,
    ),
    "offsetof(struct bpf_map_info, name)",
    "offsetof(struct bpf_map_info, id)",
  ];
  const said = askC(asked);
  const empty = configurationBytes(cgroupTables(policyOf({}), buildAutomaton([])));
  expect(said).toEqual([
    ...fields.map(([, name]) => configurationOffsets[name]),
    empty.length,
    NETWORK_KEY_BYTES,
    PORT_SET_BYTES,
    TRANSITIONS_PER_ROW,
    programInfo.tag,
    programInfo.mapCount,
    programInfo.mapIds,
    programInfo.bytes,
    mapInfo.name,
    mapInfo.id,
  ]);
});

test("a program that the verifier refuses is named with the verifier's reason", (context) => {
  needsRoot(context);
  skipUnless(context, hasClang(), `${CLANG} is not installed`);
  const source = join(scratch, "bad.bpf.c");
  writeFileSync(
    source,
    `__attribute__((section("cgroup/connect4"), used)) int bad(int *context) { return ` +
      `context[999]; }\n`,
  );
  const object = join(scratch, "bad.o");
  execFileSync(CLANG, ["--target=bpf", "-O2", "-g", "-c", source, "-o", object]);
  const bad = new BpfObject(readFileSync(object));
  try {
    const refusal = (() => {
      try {
        bad.load(["bad"]);
      } catch (error) {
        return error;
      }
      return null;
    })();
    expect(refusal).toBeInstanceOf(BpfError);
    expect((refusal as BpfError).message).toBe(
      "load program bad: EACCES: invalid bpf_context access off=3996 size=4",
    );
    expect((refusal as BpfError).log).toContain("processed");
  } finally {
    bad[Symbol.dispose]();
  }
});

test("bytes that are no object, and names that are not in it, are refused", (context) => {
  needsRoot(context);
  expect(() => new BpfObject(Buffer.from("no object"))).toThrow(BpfError);
  const object = new BpfObject(shippedObject());
  expect(() => object.setMaxEntries("absent", 1)).toThrow(/find map absent: ENOENT/);
  expect(() => object.skipProgram("absent")).toThrow(/find program absent: ENOENT/);
  object[Symbol.dispose]();
});

test("the maps are frozen before anything can be attached", (context) => {
  needsRoot(context);
  const names = [connectUnix("/run/s")];
  const policy = policyOf({ names, addresses: [addressRule("connect tcp *:80")] });
  const tables = cgroupTables(policy, buildAutomaton(names));
  const object = loadPrograms(shippedObject(), tables, programNames(true));
  const maps = mapBytes(tables);
  expect(maps.every(({ count }) => count > 0)).toBe(true);
  for (const { name, keys, values, count } of maps) {
    expect(() => object.update(name, keys, values, count)).toThrow(`fill map ${name}: EPERM`);
  }
  for (const name of [PEERS_MAP, ...recordMaps]) {
    const [key, value] = [Buffer.alloc(keyLayout.bytes), Buffer.alloc(4096)];
    expect(() => object.update(name, key, value, 1)).toThrow(`fill map ${name}: EPERM`);
  }
  object[Symbol.dispose]();
});

test("the verdict of a verifier log is its last line that is no trace", () => {
  const log =
    "0: R1=ctx() R10=fp0\n; return x; @ a.c:1\n0: (61) r0 = *(u32 *)(r1 +3996)\ninvalid " +
    "bpf_context access off=3996 size=4\nprocessed 1 insns (limit 1000000)\n";
  expect(summarizeVerifierLog(log)).toBe("invalid bpf_context access off=3996 size=4");
  const states = "frame2: R0_w=scalar() cb\nR1_w=scalar()\nprocessed 1 insns\n";
  const access = "R1 invalid mem access 'scalar'";
  expect(summarizeVerifierLog(`${access}\n${states}`)).toBe(access);
  expect(summarizeVerifierLog("")).toBeNull();
  expect(summarizeVerifierLog("0: (95) exit\n")).toBe("0: (95) exit");
});
