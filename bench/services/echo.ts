import { makeFolders, type Service, succeeds } from "../service.ts";
import type { Budgets } from "../throughput.ts";
import {
  DATAGRAM_BUDGETS,
  questions,
  SENDER_MODES,
  type SenderPrograms,
  STREAM_BUDGETS,
  unixPattern,
} from "./sender.ts";

interface Echo {
  /** Where it differs from the kind. */
  readonly name?: string;
  /** Of `programs/echo.c` and `programs/ask.c`. */
  readonly kind: string;
  readonly what: string;
  /** All of a sender's, where left out. */
  readonly modes?: Service["modes"];
  readonly budgets: Budgets;
  /** Where it listens. */
  at(folder: string, port: number): string;
  /** Where it is asked. */
  askedAt(folder: string, port: number): string;
  /** Lines of the policy's `network`. */
  network(folder: string, port: number): readonly string[];
}

const socket = (folder: string) => `${folder}/run/socket`;
/** Bound by the client for its answers, in a folder in which the domain may make nothing. */
const client = (folder: string) => `${folder}/clients/one`;

const kinds: readonly Echo[] = [
  {
    kind: "udp",
    what: "UDP echo, sendmmsg",
    budgets: DATAGRAM_BUDGETS,
    at: (_, port) => String(port),
    askedAt: (_, port) => String(port),
    network: (_, port) => [`listen udp ${port}`, "connect udp loopback:*"],
  },
  {
    name: "udp-anywhere",
    kind: "udp",
    what: "UDP echo, sendmmsg, every address granted",
    budgets: STREAM_BUDGETS,
    at: (_, port) => String(port),
    askedAt: (_, port) => String(port),
    network: (_, port) => [`listen udp ${port}`, "connect udp *"],
  },
  {
    // Only of modes whose sends programs judge: elsewhere answers need `connect udp`.
    name: "udp-answers",
    kind: "udp",
    what: "UDP echo, sendmmsg, answers of a granted port",
    modes: ["unconfined", "sealed", "warning", "enforcing"],
    budgets: STREAM_BUDGETS,
    at: (_, port) => String(port),
    askedAt: (_, port) => String(port),
    network: (_, port) => [`listen udp ${port}`],
  },
  {
    kind: "datagram",
    what: "unix datagram echo, sendto a path",
    budgets: DATAGRAM_BUDGETS,
    at: socket,
    askedAt: (folder) => `${socket(folder)}:${client(folder)}`,
    network: (folder) => [`listen unix ${socket(folder)}`, `connect unix ${client(folder)}`],
  },
  {
    kind: "stream",
    what: "unix stream echo, sendmsg",
    budgets: STREAM_BUDGETS,
    at: socket,
    askedAt: socket,
    network: (folder) => [`listen unix ${socket(folder)}`],
  },
];

/** `programs/echo.c`, once for each kind of socket. */
export function echoes({ ask, echo }: SenderPrograms): readonly Service[] {
  return kinds.map(
    ({ kind, name = kind, what, modes = SENDER_MODES, budgets, at, askedAt, network }) => ({
      name: `echo-${name}`,
      modes,
      needs: [],
      user: "nobody",
      budgets,
      prepare: (folder) => {
        makeFolders(folder, ["run"], "nobody");
        makeFolders(folder, ["clients"], null);
      },
      command: (folder, port) => [echo, kind, at(folder, port)],
      set: () => ({}),
      policy: (folder, port, mode) => `summary: benchmark
include: [base]
files: [rx ${echo}]
network:
${network(folder, port)
  .map((line) => `  - ${line}\n`)
  .join("")}${unixPattern(mode, folder)}inherit: [stdio]
syscalls: ["@system-service"]
`,
      ready: (folder, port) => succeeds([ask, kind, askedAt(folder, port), "1"]),
      loads: [questions(ask, what, kind, askedAt)],
    }),
  );
}
