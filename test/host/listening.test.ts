import { createServer } from "node:net";
import { expect, test } from "vitest";
import { listProcesses } from "../../src/domains/processes.ts";
import { listeners, listening } from "../../src/host/listening.ts";
import { unitOfGroups } from "../../src/host/units/unit-groups.ts";

const head =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode";

test("what the kernel's table says of sockets that listen", () => {
  const table = [
    head,
    "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 77 1 0",
    "   1: 0100007F:1F90 0100007F:0016 01 00000000:00000000 00:00000000 00000000 0 0 78 1 0",
    "   2: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 0 1 0",
    "",
  ].join("\n");
  expect([...listeners(table, "tcp", "0A")]).toEqual([["77", "tcp 22"]]);
});

test("a socket of a process in no domain counts as outside, with its process", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const address = server.address();
    const port = address === null || typeof address === "string" ? 0 : address.port;
    const none = { runs: [], levelOf: () => null, threads: false, details: false };
    const all = listProcesses(none);
    const before = listening(all);
    expect(before.outside.some((text) => text.endsWith(` tcp ${port}`))).toBe(true);
    const member = { domain: "x", number: null, run: process.pid, engine: "landlock" } as const;
    const confinement = { ...member, mode: null, level: null, holder: null, filter: null };
    const moved = all.map((one) => (one.pid === process.pid ? { ...one, confinement } : one));
    const after = listening(moved);
    expect(after.outside.some((text) => text.endsWith(` tcp ${port}`))).toBe(false);
    expect(after.inDomains).toBeGreaterThan(before.inDomains);
  } finally {
    server.close();
  }
});

test.each([
  ["0::/system.slice/nginx.service\n", "nginx.service"],
  ["0::/system.slice/a.service/cofferdam/a.0123456789abcdef/7\n", "a.service"],
  ["1:name=systemd:/system.slice/ssh.service\n0::/\n", "ssh.service"],
  ["0::/user.slice/user-0.slice/session-1.scope\n", null],
  ["0::/\n", null],
])("the unit of %j", (text, unit) => {
  expect(unitOfGroups(text)).toBe(unit);
});
