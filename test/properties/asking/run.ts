import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SHARED_FOLDER } from "../../../src/base/modes.ts";
import { right } from "../../../src/mediate/calls/handler.ts";
import type { Policy, TokenRule } from "../../../src/model/policy.ts";
import type { Built } from "../../mediate/build.ts";
import { runScene, type SceneOptions, usual } from "../../mediate/scene.ts";
import { everyCapability, toStart } from "../../mediate/supervised/rules.ts";
import { scratchFolder } from "../../support/scratch.ts";
import { type Shape, spellShape } from "./shapes.ts";

export interface Sample {
  readonly shape: Shape;
  /** System calls in the words of `acts.ts`. */
  readonly act: string;
}

/** What each sample printed, in order. */
export type Seen = readonly (readonly string[])[];

/** Milliseconds for all samples of one run. */
const RUN_MS_MAX = 600_000;

export function compileActs(built: Built): string {
  return built.compile("../properties/asking/acts");
}

/** The same samples outside any domain, and in one that `options` describe. */
export function bothWays(
  built: Built,
  program: string,
  samples: readonly Sample[],
  options: (place: string) => SceneOptions,
): { readonly outside: Seen; readonly inside: Seen } {
  const [outside, inside] = [place(samples), place(samples)];
  try {
    const done = spawnSync(program, [join(outside, "plan")], {
      cwd: outside,
      encoding: "utf8",
      timeout: RUN_MS_MAX,
      maxBuffer: 1 << 28,
    });
    if (done.status !== 0) throw new Error(`outside: ${done.status} ${done.stdout.slice(-500)}`);
    const run = runScene(
      built,
      { timeoutMs: RUN_MS_MAX, ...options(inside) },
      [program, join(inside, "plan")],
      inside,
    );
    if (run.status !== 0)
      throw new Error(`inside: ${run.status} ${run.stderr} ${run.lines.slice(-5).join("\n")}`);
    return { outside: bySample(done.stdout.split("\n")), inside: bySample(run.lines) };
  } finally {
    execFileSync("rm", ["-rf", outside, inside]);
  }
}

function place(samples: readonly Sample[]): string {
  const folder = scratchFolder("asking", { mode: SHARED_FOLDER });
  const lines = samples.map(({ shape, act }) => `${spellShape(shape)} | ${act}\n`);
  writeFileSync(join(folder, "plan"), lines.join(""));
  return folder;
}

function bySample(lines: readonly string[]): Seen {
  const seen: string[][] = [];
  for (const line of lines)
    if (line.startsWith("== ")) seen.push([]);
    else if (line !== "") seen.at(-1)?.push(line);
  return seen;
}

const source = { file: "scene", line: 1, column: 1, text: "all" };
const allow = <T extends string>(token: T): TokenRule<T> => ({ effect: "allow", token, source });
const port = { network: null, ports: { first: 0, last: 65535 }, effect: "allow", source } as const;

/** A policy that grants whatever the acts could use and the language can grant. */
export function everything(built: Built, program: string, folder: string): SceneOptions {
  const rules = [
    ...toStart(built),
    `rx ${program}`,
    `rwxmcdai ${folder}`,
    `rwxmcdai ${folder}/**`,
    "rwa /proc/**",
    "rw /dev/null",
    `listen ${folder}/**`,
    `connect ${folder}/**`,
    "listen @**",
    "connect @**",
  ];
  return { rules, policy: everyToken };
}

/** Calls that a sealed domain's broker answers, sockets and unix names among them. */
export const brokered: ReadonlySet<string> = new Set([
  ...usual,
  ...["open", "openat", "openat2", "connect", "sendto", "sendmsg", "sendmmsg", "setsockopt"],
]);

/** The same policy, held by Landlock where that can, and by the broker. */
export function sealed(built: Built, program: string, folder: string): SceneOptions {
  return {
    ...everything(built, program, folder),
    // Those of open and openat that may create are notified anyhow.
    notify: [...brokered].filter((call) => ![...usual, "open", "openat"].includes(call)),
    landlock: [{ path: folder, rights: right.writeFile | TRUNCATE }],
    sockets: { inet: "broker", unix: "broker" },
  };
}

/** LANDLOCK_ACCESS_FS_TRUNCATE. */
const TRUNCATE = 1n << 14n;

const everyToken: Partial<Policy> = {
  capabilities: everyCapability,
  signals: [allow("any")],
  ipc: (["mqueue", "msg", "sem", "shm"] as const).map((kind) => allow(kind)),
  memory: (["jit", "memfd", "dlopen"] as const).map((kind) => allow(kind)),
  addresses: (["connect", "listen"] as const).flatMap((operation) =>
    (["tcp", "udp"] as const).map((protocol) => ({ operation, protocol, ...port })),
  ),
  sockets: (["netlink", "ping", "raw", "packet", "vsock"] as const).map((family) => ({
    effect: "allow",
    family,
    protocol: null,
    source,
  })),
  inherit: [allow("stdio")],
};

const CALL = /^([a-z_0-9]+): (-1 (E[A-Z0-9]+))?/;

interface Told {
  readonly name: string;
  /** Error's name; null where it succeeded. */
  readonly error: string | null;
}

function told(line: string): Told | null {
  const match = CALL.exec(line);
  return match === null ? null : { name: match[1] ?? "", error: match[3] ?? null };
}

/**
 * What was gained inside, or null. What failed outside must fail inside, with the same error unless
 * `other` names another. After a failure inside alone, later results differ for that reason, and
 * only the harm done to other processes is compared. `leaves`: what fails outside may leave
 * something behind (a file that was made and not opened).
 */
export function gain(
  outside: readonly string[],
  inside: readonly string[],
  other: (name: string, error: string) => boolean,
  leaves: boolean,
): string | null {
  for (const [index, line] of outside.entries()) {
    const [before, after] = [told(line), told(inside[index] ?? "")];
    if (before !== null && after === null) return `outside ${line}\n  inside nothing`;
    if (before === null || after === null) {
      if (leaves) return harm(outside, inside);
      if (line !== inside[index]) return `outside ${line}\n  inside ${inside[index]}`;
    } else if (before.error === null && after.error !== null) {
      return harm(outside, inside);
    } else if (before.error !== after.error && !other(after.name, after.error ?? "")) {
      return `outside ${line}\n  inside ${inside[index]}`;
    }
  }
  return outside.length < inside.length ? `inside also ${inside[outside.length]}` : null;
}

const HARM = / has (signals|priority|more room)/;

function harm(outside: readonly string[], inside: readonly string[]): string | null {
  return inside.find((line) => HARM.test(line) && !outside.includes(line)) ?? null;
}

/** Calls that were made, and those of them that succeeded. */
export function counted(seen: Seen): { readonly made: number; readonly good: number } {
  const all = seen.flat().flatMap((line) => told(line) ?? []);
  return { made: all.length, good: all.filter(({ error }) => error === null).length };
}
