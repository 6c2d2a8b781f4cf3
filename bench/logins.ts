import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { ada, canHaveHost, SessionHost } from "../test/sessions/session-host.ts";
import { Sshd } from "../test/sessions/sshd.ts";
import { cofferdam, installed, median } from "./scratch.ts";
import { type Row, rootOnly } from "./table.ts";

/** Logins a setting, taken in turns so that a slow second hits all. */
const ROUNDS = 40;
/** Round 0 makes the plan and fills caches. */
const WARM_UP = 1;
/** What a sandboxed login may take longer than a plain one, milliseconds. */
const BUDGET_MS = 25;

/**
 * Milliseconds from the start of ssh to the end of a command that does nothing, by a real sshd on
 * loopback.
 */
export async function loginTimes(): Promise<Row[]> {
  const what = "command by ssh";
  if (!canHaveHost()) return [rootOnly(what, "ms")];
  if (!installed("ssh") || !installed("/usr/sbin/sshd"))
    return [{ what, unit: "ms", figures: {}, note: "sshd is not installed" }];
  const host = await SessionHost.start(dirname(dirname(cofferdam)));
  try {
    const servers = {
      plain: await Sshd.start(host, ada, [], true),
      sandboxed: await Sshd.start(host, ada),
    };
    return [
      row(
        `${what}, new connection`,
        inTurns(host, servers, () => []),
      ),
      row(`${what}, open connection`, await overOpen(host, servers)),
    ];
  } finally {
    await host.stop();
  }
}

type Servers = Readonly<Record<"plain" | "sandboxed", Sshd>>;
type Figures = Readonly<Record<keyof Servers, number>>;

/**
 * Through a connection that is there already, so that the exchange of keys, the larger part, is not
 * in the figures.
 */
async function overOpen(host: SessionHost, servers: Servers): Promise<Figures> {
  const socket = (name: string): string => `${host.folder}/${name}.mux`;
  for (const [name, sshd] of Object.entries(servers))
    host.run(sshd.ssh(["-f", "-N", "-M", "-S", socket(name)]));
  try {
    return inTurns(host, servers, (name) => ["-S", socket(name)]);
  } finally {
    for (const [name, sshd] of Object.entries(servers))
      host.run(sshd.ssh(["-S", socket(name), "-O", "exit"]));
  }
}

function inTurns(
  host: SessionHost,
  servers: Servers,
  options: (name: string) => readonly string[],
): Figures {
  const times: Record<keyof Servers, number[]> = { plain: [], sandboxed: [] };
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const name of ["plain", "sandboxed"] as const) {
      const [program = "", ...args] = host.words(servers[name].ssh(options(name), [":"]));
      const start = performance.now();
      const { status } = spawnSync(program, args, { stdio: "ignore", cwd: "/" });
      if (status !== 0) throw new Error(`a ${name} login ended with ${status}`);
      if (round >= 0) times[name].push(performance.now() - start);
    }
  }
  return { plain: median(times.plain), sandboxed: median(times.sandboxed) };
}

function row(what: string, { plain, sandboxed }: Figures): Row {
  const more = sandboxed - plain;
  const note =
    `${more.toFixed(1)} ms more, budget ${BUDGET_MS}: ` + `${more <= BUDGET_MS ? "met" : "MISSED"}`;
  return { what, unit: "ms", figures: { plain, sandboxed }, note };
}
