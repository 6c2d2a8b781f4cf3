import { type Service, succeeds } from "../service.ts";
import {
  DATAGRAM_BUDGETS,
  questions,
  SENDER_MODES,
  type SenderPrograms,
  unixPattern,
} from "./sender.ts";

const PROGRAM = "/usr/sbin/dnsmasq";

/** Answers each question with one sendmsg over UDP, to the address that asked. */
export function dnsmasq({ ask }: SenderPrograms): Service {
  return {
    name: "dnsmasq",
    modes: SENDER_MODES,
    needs: [PROGRAM],
    user: "nobody",
    budgets: DATAGRAM_BUDGETS,
    prepare: () => undefined,
    command: (_, port) => [
      PROGRAM,
      ...[
        "--no-daemon",
        "--log-facility=-",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        "--pid-file=",
      ],
      ...["--port", String(port), "--listen-address", "127.0.0.1", "--bind-interfaces"],
      "--address=/bench.test/10.0.0.1",
    ],
    set: () => ({}),
    policy: (folder, port, mode) => `summary: benchmark
include: [base, accounts]
files: [rx ${PROGRAM}]
network:
  - listen tcp ${port}
  - listen udp ${port}
  - connect udp loopback:*
  - netlink route
${unixPattern(mode, folder)}inherit: [stdio]
syscalls: ["@system-service"]
`,
    ready: (_, port) => succeeds([ask, "dns", String(port), "1"]),
    loads: [questions(ask, "dnsmasq, A, sendmsg over UDP", "dns", (_, port) => String(port))],
  };
}
