import { expect, test } from "vitest";
import { remoteIn } from "../../src/sessions/origin.ts";

const head =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout " +
  "inode\n";
const line = (remote: string, inode: number, state = "01") =>
  `   0: 0100007F:0016 ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        ` +
  `0 ${inode} 1 0000 20 0 0 10 -1\n`;

test("the remote end of a process's connection, from the kernel's table", () => {
  const table = head + line("070200C0:C3CA", 11) + line("080200C0:0001", 12);
  expect(remoteIn(table, new Set(["12"]))).toBe("192.0.2.8 port 1");
  expect(remoteIn(table, new Set(["11", "12"]))).toBe("192.0.2.7 port 50122");
  expect(remoteIn(table, new Set(["13"]))).toBeNull();
  expect(remoteIn(head + line("00000000:0000", 11, "0A"), new Set(["11"]))).toBeNull();
});

test("addresses of version 6, and those of version 4 within", () => {
  const six =
    head +
    line("B80D0120000000000000000001000000:0016", 11) +
    line("0000000000000000FFFF0000070200C0:0016", 12);
  expect(remoteIn(six, new Set(["11"]))).toBe("2001:db8::1 port 22");
  expect(remoteIn(six, new Set(["12"]))).toBe("192.0.2.7 port 22");
});
