import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PUBLIC_FOLDER, PUBLIC_PROGRAM } from "../../src/base/modes.ts";
import { filesLike, root } from "../house/tree.ts";
import { tenthOf } from "../library/tenth.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";

let host: PrivateHost;
beforeEach(async (context) => {
  needsRoot(context);
  host = await PrivateHost.start();
});
afterEach(async () => await host?.close());

const base = 'summary: a test\ninclude: [base]\nsyscalls: ["@system-service"]\n';

interface Tried {
  readonly case: string;
  readonly expected: string;
  readonly policy: { readonly outcome: string };
  readonly engine: {
    readonly answer: string;
    readonly why?: string;
    readonly by?: string | null;
    readonly differs?: string | null;
  };
}

function tested(...words: string[]) {
  const all = [...host.inside, join(root, "bin/cofferdam"), "test", "--engine", ...words];
  const [program = "", ...args] = all;
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

function casesOf(...words: string[]) {
  const { status, out, err } = tested(...words, "--json");
  expect(err).toBe("");
  const domains = JSON.parse(out) as { domain: string; cases: Tried[] }[];
  const cases = domains.flatMap((one) => one.cases);
  return { status, cases, of: (text: string) => cases.find((one) => one.case === text)?.engine };
}

/** A domain of this name and its cases, each expected as the policy's text answers. */
function domain(name: string, policy: string, cases: Readonly<Record<string, readonly string[]>>) {
  host.policy(name, base + policy);
  const folder = host.at("etc/domains/cases");
  mkdirSync(folder, { recursive: true, mode: PUBLIC_FOLDER });
  writeFileSync(join(folder, `${name}.yaml`), JSON.stringify(cases));
}

/** Nine or ten domains of the library start for it, some of them several times; milliseconds. */
const SHIPPED_MS = 300_000;

/** A tenth of the library, each domain every tenth day, and two that are looked at each time. */
const shipped = () => {
  const names = filesLike([".yaml"], ["domains/cases/"]).map((file) => basename(file, ".yaml"));
  return [...new Set(["memcached", "nginx", ...tenthOf(names, new Date())])];
};

test("the shipped cases are answered alike by the policy and by the engine", {
  timeout: SHIPPED_MS,
}, () => {
  const { status, cases: all } = casesOf(...shipped());
  // Daemons whose packages are not here have no user to run as, which is said of each case.
  const cases = all.filter(({ engine }) => !/^the user .* does not exist/.test(engine.why ?? ""));
  expect(cases.length).toBeGreaterThan(20);
  const answers = cases.map((one) => [one.case, one.policy.outcome, one.engine.answer] as const);
  const differing = answers.filter(([, policy, engine]) => policy !== engine);
  // An answer needs a datagram before it, a request to a device the device; to open one may do
  // something, and reboot(2) might work.
  const untryable = /^(?:answer udp|ioctl|write \/dev\/|syscall reboot)\b/;
  expect(
    differing.filter(([one, , engine]) => engine !== "not tried" || !untryable.test(one)),
  ).toEqual([]);
  expect(differing.map(([one]) => one)).toContain("answer udp 10.0.0.7:40000 from 11211");
  // What Cofferdam refuses is more than what would be refused anyway.
  const denied = cases.filter(({ engine }) => engine.by === "Cofferdam");
  expect(denied.length).toBeGreaterThan(10);
  expect(status).toBe(0);
});

test("of a domain whose user is not on this host no case is tried, and that is said", () => {
  domain("nobody-here", "user: not-there\nfiles: [r /etc/hostname]\n", {
    "must-allow": ["read /etc/hostname"],
  });
  const { status, of } = casesOf("nobody-here");
  expect(of("read /etc/hostname")).toEqual({
    answer: "not tried",
    why: "the user `not-there` does not exist on this host",
  });
  expect(status).toBe(0);
});

test("a difference is told with its reason, and fails the case that it breaks", () => {
  const folder = scratchFolder("engine", { mode: PUBLIC_FOLDER });
  mkdirSync(join(folder, "tree/secret"), { recursive: true });
  writeFileSync(join(folder, "tree/secret/key"), "");
  writeFileSync(join(folder, "code.so"), "x".repeat(4_096));
  domain(
    "differs",
    `files: [r ${folder}/tree/**, deny r ${folder}/tree/secret/**, r ${folder}/code.so]\n`,
    {
      "must-allow": [`read ${folder}/tree`],
      "must-deny": [`read ${folder}/tree/secret/key`, `map ${folder}/code.so`, "capability chown"],
    },
  );
  const { status, of } = casesOf("differs");
  expect(status).toBe(1);
  expect(of(`read ${folder}/tree`)).toMatchObject({ answer: "denied", by: "Cofferdam" });
  expect(of(`read ${folder}/tree`)?.differs).toContain("a late name");
  expect(of(`map ${folder}/code.so`)).toMatchObject({ answer: "granted" });
  expect(of(`map ${folder}/code.so`)?.differs).toContain("hold more than the text");
  expect(of(`read ${folder}/tree/secret/key`)).toMatchObject({ answer: "denied", differs: null });
  const { out } = tested("differs");
  expect(out).toContain("the engine: 2 as the policy says, 2 not, 0 not tried\n");
  expect(out.split("\n").filter((line) => line.length > 80 && !line.includes(folder))).toEqual([]);
});

test.each(["sealed", "supervised", "kernel"])(
  "%s: every kind of case is tried, and nothing on the host changes",
  (mediation) => {
    const folder = scratchFolder("engine", { mode: PUBLIC_FOLDER });
    const at = (name: string) => join(folder, name);
    mkdirSync(at("data"));
    for (const name of ["data/old", "data/state", "settings"]) writeFileSync(at(name), "kept");
    writeFileSync(at("daemon"), `#!/bin/sh\necho started >${folder}/started\n`, {
      mode: PUBLIC_PROGRAM,
    });
    const allowed = [
      ...[`execute ${at("daemon")}`, `write ${at("data/state")}`, `delete ${at("data/state")}`],
      ...[`create ${at("data/new")}`, `attributes ${at("data/state")}`],
      ...[`create ${at("data/old")}`, `rename ${at("data/new")} ${at("data/state")}`],
      ...[`link ${at("data/old")} ${at("data/new")}`, `read ${at("settings")}`],
      ...[`listen unix ${at("data/socket")}`, `connect unix ${at("data/socket")}`],
      ...["listen tcp 80", "connect tcp 192.0.2.1:443", "connect udp 192.0.2.1:53"],
      ...["capability chown", "netlink route", "ipc shm", "memory memfd", "signal tried"],
      ...["syscall getpid", "syscall chmod"],
    ];
    const refused = [
      ...[`write ${at("settings")}`, `delete ${at("settings")}`, `create ${at("other")}`],
      ...[`rename ${at("settings")} ${at("data/state")}`, `execute ${at("settings")}`],
      ...[`write ${at("daemon")}`, `link ${at("daemon")} ${at("data/new")}`],
      ...[`connect unix ${at("other")}`, "listen unix @abstract", "listen tcp 81"],
      ...["connect tcp 192.0.2.1:444", "raw icmp", "packet", "vsock", "ipc sem", "ipc msg"],
      ...[
        "capability kill",
        "syscall ptrace",
        "syscall mount",
        "syscall bpf",
        "memory jit",
        "signal superDom",
      ],
    ];
    domain(
      "tried",
      `mediation: ${mediation}
files: [rx ${at("daemon")}, r ${at("settings")}, rwcda ${at("data")}/**]
network:
  - listen unix ${at("data/socket")}
  - connect unix ${at("data/socket")}
  - listen tcp 80
  - connect tcp 192.0.2.0/24:443
  - connect udp 192.0.2.1:53
  - netlink route
capabilities: [chown, net_bind_service]
ipc: [shm]
memory: [memfd]
signals: [self]
`,
      { "must-allow": allowed, "must-deny": refused },
    );
    const state = () => [
      ...readdirSync(folder, { recursive: true }).map((name) => {
        const { ino, size, mode, nlink, ctimeMs } = statSync(at(`${name}`));
        return [`${name}`, ino, size, mode, nlink, ctimeMs];
      }),
      readFileSync(at("data/state"), "utf8"),
      readFileSync("/proc/net/unix", "utf8").includes("abstract"),
    ];
    const before = state();
    const { status, cases } = casesOf("tried");
    const wrong = cases.filter(({ policy, engine }) => policy.outcome !== engine.answer);
    expect(wrong.map((one) => [one.case, one.policy.outcome, one.engine])).toEqual([]);
    expect(status).toBe(0);
    expect(state()).toEqual(before);
    expect(existsSync(at("started"))).toBe(false);
    expect(readdirSync(host.at("run")).filter((name) => name.startsWith("probe-"))).toEqual([]);
  },
);

test("what cannot be tried without an effect is said to be so", () => {
  domain("untried", "files: [rw /dev/watchdog]\n", {
    "must-allow": ["write /dev/watchdog"],
    "must-deny": ["syscall vhangup", "create /sys/x", "signal nginx", "inherit listen"],
  });
  const { cases } = casesOf("untried");
  expect(new Set(cases.map(({ engine }) => engine.answer))).toEqual(new Set(["not tried"]));
  for (const { engine } of cases) expect(engine.why).toMatch(/\w/);
});
