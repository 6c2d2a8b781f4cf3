import { type Service, succeeds } from "../service.ts";
import {
  questions,
  SENDER_MODES,
  type SenderPrograms,
  STREAM_BUDGETS,
  unixPattern,
} from "./sender.ts";

const PROGRAM = "/usr/bin/memcached";

/** Answers each question with one sendmsg over TCP. */
export function memcached({ ask }: SenderPrograms): Service {
  return {
    name: "memcached",
    modes: SENDER_MODES,
    needs: [PROGRAM],
    user: "nobody",
    budgets: STREAM_BUDGETS,
    prepare: () => undefined,
    command: (_, port) => [PROGRAM, "-l", "127.0.0.1", "-p", String(port), "-U", "0", "-t", "1"],
    set: () => ({}),
    policy: (folder, port, mode) => `summary: benchmark
include: [base, accounts]
files: [rx ${PROGRAM}]
network:
  - listen tcp ${port}
${unixPattern(mode, folder)}inherit: [stdio]
syscalls: ["@system-service"]
`,
    ready: (_, port) => succeeds([ask, "memcached", String(port), "1"]),
    loads: [
      questions(ask, "memcached, get, sendmsg over TCP", "memcached", (_, port) => String(port)),
    ],
  };
}
