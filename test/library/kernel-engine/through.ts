import { dirname, join } from "node:path";
import { clone, FOLDER_IN_ROOT, type Packages } from "../../package/packages.ts";
import { bundleProgram, keepFolders } from "../../vm/bundle.ts";
import { basePackages, imageMissing } from "../../vm/debian/image.ts";
import { runServer } from "../../vm/debian/server.ts";
import { INTERPRETED } from "../../vm/interpreted.ts";
import type { MachineOutcome, StepOutcome, Work } from "../../vm/work.ts";
import { builtBreakIn } from "../break-in.ts";
import type { LibraryDaemon } from "../daemon.ts";
import { BREAK_IN } from "../daemon-host.ts";
import { entryOf } from "./entry.ts";
import { GO, LAST_BEGIN, SEEN } from "./place.ts";
import { type KernelPassage, told } from "./seen.ts";

/** What clients and rotations use, beside the daemons' own packages. */
const tools = ["logrotate", "curl", "python3", "netcat-openbsd"] as const;
/** What daemons' scripts read there, under the same names. */
const read = ["domains", "test/library", "test/life", "package.json"].map((name) =>
  join(clone, name),
);
const GUEST = "vm/library.mjs";
/** It asks the kernel by these, which node finds there. */
const modules = ["node_modules/koffi", "node_modules/@koromix"] as const;
/** One step of one daemon, seconds: a client that hangs costs no other daemon its turn. */
const STEP_S = 840;
/** To boot and attach the engine, and for each daemon, seconds, beside other work of the host's. */
const BEFORE_S = 900;
const DAEMON_S = 360;

/** Daemons say and look up the name of their host. */
const NAME = "server";
const hosts = `127.0.0.1\tlocalhost
127.0.1.1\t${NAME}
::1\tlocalhost ip6-localhost ip6-loopback
`;

/** A unit whose name has the daemon's version, which is not known yet, is not held back. */
const heldBack = `[Unit]
ConditionPathExists=${GO}
`;

type Passed = Omit<KernelPassage, "digest">;

export interface Failed {
  readonly name: string;
  readonly why: string;
}

/**
 * Boots a Debian server whose kernel takes the bpf-lsm engine, and leads daemons through its
 * domains there, one after another. On a quiet machine a daemon takes a minute.
 */
export async function throughKernel(
  packages: Packages,
  daemons: readonly LibraryDaemon[],
): Promise<readonly (Passed | Failed)[]> {
  const wanted = [
    ...new Set([...basePackages, ...tools, ...daemons.flatMap((one) => one.packages)]),
  ];
  const missing = imageMissing(wanted);
  if (missing !== null) throw new Error(`no virtual machine can be had: ${missing}`);
  const bundle = await bundleProgram('import "./guest.ts";', import.meta.dirname, {
    plugins: [keepFolders],
  });
  const limitS = BEFORE_S + STEP_S + DAEMON_S * daemons.length;
  // A daemon that would not come to its end is not begun: the machine is ended with what it holds.
  const lastBegin = `${LAST_BEGIN}=${limitS - STEP_S}`;
  const step = (...words: string[]) =>
    `${lastBegin} NODE_OPTIONS=${INTERPRETED} timeout ${STEP_S} node /${GUEST} ${words.join(" ")}`;
  const lane = (what: string) =>
    daemons.map(({ name }) => [`${what}-${name}`, step(what, name, entryOf(name))] as const);
  const root = Object.fromEntries([
    ...lane("outside"),
    ["engine", step("engine", ...daemons.map(({ name }) => name))],
    ...lane("held"),
  ]);
  const work: Work = { library: { root } };
  let outcome: MachineOutcome | undefined;
  try {
    [outcome] = await runServer({
      packages: wanted,
      fill: (files) => {
        files.copy(packages.folder, FOLDER_IN_ROOT);
        files.copy(builtBreakIn(), BREAK_IN);
        for (const name of read) files.copy(name);
        for (const name of modules) files.copy(join(clone, name), join(dirname(GUEST), name));
        for (const { unit } of daemons)
          files.write(`etc/systemd/system/${unit}.service.d/held-back.conf`, heldBack);
        files.write("etc/hostname", `${NAME}\n`);
        files.write("etc/hosts", hosts);
        files.write(GUEST, bundle);
      },
      boots: [{ work, limitMs: limitS * 1000 }],
    });
  } catch (error) {
    // A machine that was ended hands nothing over, but for what its console has told.
    const console = error instanceof Error ? error.message : String(error);
    if (!console.includes(`\n${SEEN}`)) throw error;
    return daemons.map(({ name }) => toldByConsole(console, name));
  }
  const of = (name: string) => outcome?.steps.get(`library/root/${name}`);
  return daemons.map(({ name }) => {
    for (const earlier of ["engine", `outside-${name}`]) {
      const failed = of(earlier);
      if (failed?.status !== 0) return { name, why: `${earlier}: ${said(failed)}` };
    }
    const held = of(`held-${name}`);
    if (held?.status !== 0) return { name, why: said(held) };
    return passed(name, held.output.trim().split("\n").at(-1) ?? "");
  });
}

export function toldByConsole(console: string, name: string): Passed | Failed {
  const label = `${SEEN}${name} `;
  const line = console.split(/\r?\n/).find((one) => one.startsWith(label));
  if (line === undefined) return { name, why: "it failed, or was not reached" };
  return passed(name, line.slice(label.length));
}

function passed(name: string, json: string): Passed {
  const day = new Date().toISOString().slice(0, 10);
  return { name, day, ...told.parse(JSON.parse(json)) };
}

const said = (step: StepOutcome | undefined): string =>
  step === undefined ? "it was not reached" : `${step.output.trim()} (status ${step.status})`;
