import { spawnSync } from "node:child_process";
import { chownSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PUBLIC_FOLDER, PUBLIC_PROGRAM } from "../../src/base/modes.ts";
import { untouchableCalls } from "../../src/kernel/system-calls/untouchable.ts";
import { bytesOfName, nameOfBytes } from "../../src/model/name-bytes.ts";
import { type AddedLine, addLines } from "../../src/policy/add-lines.ts";
import { front } from "../properties/domain.ts";
import { compileC } from "../support/compile-c.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";

let host: PrivateHost;
beforeEach(async (context) => {
  needsRoot(context);
  host = await PrivateHost.start();
});
afterEach(async () => await host?.close());

/** What many daemons do: state by a temporary file, a file of the process id, a log of the day. */
const work = `set -e
cd "$1"
mkdir -p state
new=$(mktemp state/new.XXXXXXXXXX)
echo 1 >"$new"
mv "$new" state/current
read line <state/current
echo $$ >"run-$$.pid"
rm "run-$$.pid"
echo work >>"log-$(date +%Y-%m-%d)"
cat settings /etc/hostname
`;

test("what a program did at warning, it does at enforcing once its lines are written", () => {
  const folder = scratchFolder("learned", { mode: PUBLIC_FOLDER });
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "data/settings"), "");
  const script = join(folder, "work.sh");
  writeFileSync(script, work);
  const policy = host.at("etc/domains/learner.yaml");
  const text = `summary: a test
level: warning
mediation: supervised
include: [base]
files:
  - rx /usr/bin/dash # the shell
inherit: [stdio, stdio-sockets]
syscalls: ["@system-service"]
`;
  host.policy("learner", text);
  const run = () =>
    host.cofferdam("run", "learner", "--", "/usr/bin/dash", script, join(folder, "data"));
  run();
  const { lines, dangerous } = JSON.parse(
    host.cofferdam("suggest", "learner", "--write", "--json"),
  );
  expect(dangerous).toEqual([]);
  expect(lines.length).toBeGreaterThan(5);
  const written = readFileSync(policy, "utf8");
  expect(written).toContain("  - rx /usr/bin/dash # the shell\n");
  expect(written).toContain(`${folder}/data/run-[0-9]*.pid\n`);
  host.policy("learner", written.replace("level: warning", "level: enforcing"));
  const before = host.events().length;
  run();
  run();
  const after = host.events().slice(before);
  expect(after.filter(({ verdict }) => verdict === "denied")).toEqual([]);
  // Without the lines it fails.
  host.policy("learner", text.replace("level: warning", "level: enforcing"));
  expect(run).toThrow("Permission denied");
});

/** Each run is a start at warning and one at enforcing; `COFFERDAM_LEARNED` asks for more. */
const WORKLOADS = Number(process.env.COFFERDAM_LEARNED ?? 2);
const ACTS = 60;
/** `www-data`. */
const OTHER_USER = 33;

const piece = fc.oneof(
  fc.constantFrom(
    ...["a", "b", ".", "-", "1", "2026-01-31", "ABCdef12"],
    ...[" ", "\n", "\t", '"', "'", "`", "#", ": ", "- ", "$", "${x}", "*", "**", "?", "[a]", "]"],
    ...["{a,b}", ",", "\\", "!", "|", ">"],
    ...["&", "%", "@", "deny ", "\u202e", "\ufeff", "\x7f", "é"],
  ),
  fc.integer({ min: 128, max: 255 }).map((byte) => nameOfBytes(Uint8Array.of(byte))),
);
const hostile = fc
  .array(piece, { minLength: 1, maxLength: 4 })
  .map((pieces) => nameOfBytes(bytesOfName(pieces.join(""))))
  .filter((name) => name !== "." && name !== "..");

/** As `try.c` reads a name. */
function escaped(name: string): string {
  return [...bytesOfName(name)]
    .map((byte) => (byte > 0x2f && byte < 0x7b ? String.fromCharCode(byte) : hex(byte)))
    .join("");
}

function hex(byte: number): string {
  return `%${byte.toString(16).padStart(2, "0")}`;
}

/** What is there before each run: files of two owners, a program, a folder. */
interface Place {
  readonly folder: string;
  readonly names: readonly string[];
  readonly ports: readonly [number, number];
}

/** What each workload does, so that each section has lines. */
const ofEachSection = ["shm x", "writable-code x", "listen 18123", "chroot /"];

/** Of every class, in the words of `try.c`; most names are hostile, and some are not there. */
function actOn({ folder, names, ports }: Place): fc.Arbitrary<string> {
  const there = fc.constantFrom(...names).map((name) => escaped(join(folder, "data", name)));
  const fresh = hostile.map((name) => escaped(`${folder}/data/${name}`));
  const any = fc.oneof(there, fresh);
  const on = (names: fc.Arbitrary<string>, ...words: readonly string[]) =>
    fc.tuple(fc.constantFrom(...words), names).map((parts) => parts.join(" "));
  const fixed = (...acts: readonly string[]) => fc.constantFrom(...acts);
  return fc.oneof(
    on(any, "read", "write", "both", "make", "append", "truncate", "unlink", "mkdir", "chmod"),
    on(there, "read", "write", "read2", "map", "chmod"),
    fc.tuple(fixed("rename", "link"), there, any).map((parts) => parts.join(" ")),
    fc.tuple(fresh, there).map(([link, target]) => `symlink ${link} ${target}`),
    on(there, "chown").map((act) => `${act} ${OTHER_USER}`),
    fixed(`execute ${escaped(`${folder}/a program`)}`),
    on(any, "bind"),
    fixed(`connect ${escaped(`${folder}/a socket`)}`),
    fixed(`tcp ${ports[0]}`, `udp ${ports[0]}`, `listen ${ports[1]}`),
    fixed("socket 16 0", "socket 16 15", "socket 2 1"),
    fixed("shm x", "sem x", "msg x", "memfd x", "writable-code x", "map-memory x"),
    fixed("ioctl /dev/null", "ioctl /dev/zero"),
    // personality, chroot, sched_setscheduler; what the kernel does with 0 harms none.
    fixed("call 135", "call 161", "call 144", "call 157", "chroot /"),
    fixed("fork try priority 0", "thread try affinity 0", "setsid try kill 0 0"),
    fixed("read /etc/hostname", "read /proc/self/status", "read /proc/self/maps"),
  );
}

function lay({ folder, names }: Place): void {
  rmSync(join(folder, "data"), { recursive: true, force: true });
  mkdirSync(join(folder, "data"));
  for (const [at, name] of names.entries()) {
    const path = Buffer.from(bytesOfName(join(folder, "data", name)));
    writeFileSync(path, "x".repeat(4_096), { mode: PUBLIC_PROGRAM });
    if (at % 3 === 0) chownSync(path, OTHER_USER, OTHER_USER);
  }
}

/**
 * With what is not learned here: calls that no supervised domain is asked about, and capabilities
 * that the kernel checks in the middle of a call, which an agent records
 * (`test/agent/used-capabilities.test.ts`).
 */
const bare = `summary: a test
include: [base]
inherit: [stdio, stdio-sockets]
capabilities: [chown, dac_override, fowner, fsetid, net_raw]
syscalls: [${untouchableCalls.map(({ name }) => name).join(", ")}]
`;

test.each(["sealed", "supervised"])(
  "%s: suggest, then enforce, never denies what was learned",
  async (mediation) => {
    const folder = scratchFolder("workload", { mode: PUBLIC_FOLDER });
    const program = join(folder, "try");
    compileC(program, join(import.meta.dirname, "../properties/try.c"), ["-O1", "-pthread"]);
    copyFileSync("/usr/bin/true", join(folder, "a program"));
    const tcp = await listening(0);
    const servers = [tcp, await listening(join(folder, "a socket"))];
    const busy = (tcp.address() as { port: number }).port;
    const learned = new Set<string>();
    const policyOf = (level: string) =>
      `level: ${level}\nmediation: ${mediation}\nlate-names: brokered\n${bare}` +
      `files: ["rx ${program}"]\n`;
    const run = (acts: readonly string[]) => {
      const [nsenter = "", ...inside] = [...host.inside, front, "run", "learner", "--", program];
      const input = `${acts.join("\n")}\n`;
      const ended = spawnSync(nsenter, inside, { input, encoding: "utf8", cwd: "/" });
      const { stdout, stderr, status, signal } = ended;
      const words = stdout.trim().split("\n");
      if (words.length !== acts.length)
        throw new Error(`it ended with ${status ?? signal}: ${stderr}${stdout}`);
      return words;
    };
    try {
      const workload = fc
        .uniqueArray(hostile, { minLength: 6, maxLength: 6 })
        .map((names): Place => ({ folder, names, ports: [busy, 18_123] }))
        .chain((place) =>
          fc.tuple(
            fc.constant(place),
            fc.array(actOn(place), { minLength: ACTS, maxLength: ACTS }),
          ),
        );
      fc.assert(
        fc.property(workload, ([place, some]) => {
          const acts = [...ofEachSection, ...some];
          host.policy("learner", policyOf("warning"));
          const since = new Date().toISOString();
          lay(place);
          const before = run(acts);
          const found = suggestedSince(since);
          for (const { section } of [...found.lines, ...found.dangerous]) learned.add(section);
          const text = addLines(policyOf("enforcing"), [...found.lines, ...found.dangerous]);
          host.policy("learner", text);
          lay(place);
          const after = run(acts);
          const lost = acts.flatMap((act, at) =>
            before[at] === "0" && after[at] !== "0" ? [`${act}: ${after[at]}`] : [],
          );
          expect(lost, text).toEqual([]);
        }),
        { numRuns: WORKLOADS, endOnFailure: true },
      );
      // Signals to other domains cannot be granted to a sealed one; `self` needs no line.
      expect([...learned].sort()).toEqual([
        "capabilities",
        "files",
        "ipc",
        "memory",
        "network",
        "syscalls",
      ]);
    } finally {
      for (const server of servers) server.close();
    }
  },
);

interface Found {
  readonly lines: readonly AddedLine[];
  readonly dangerous: readonly AddedLine[];
}

function suggestedSince(since: string): Found {
  const words = ["suggest", "learner", "--since", since, "--json"];
  const [nsenter = "", ...inside] = [...host.inside, front, ...words];
  const { stdout, stderr } = spawnSync(nsenter, inside, { encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Found;
}

async function listening(at: number | string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  const where = typeof at === "number" ? { port: at, host: "127.0.0.1" } : { path: at };
  await new Promise<void>((resolve) => server.listen(where, resolve));
  return server;
}
