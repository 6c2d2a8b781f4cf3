import { expect, test } from "vitest";
import { readLandlockRecord } from "../../src/kernel/audit/landlock-record.ts";
import { parseRecord } from "../../src/kernel/audit/record.ts";

function read(type: number, text: string) {
  const record = parseRecord(type, text);
  return record === null ? null : readLandlockRecord(record);
}

test("a denial's quoted path, domain and blockers are read", () => {
  const text =
    "audit(1764032000.123:77): domain=14f9359dd blockers=fs.read_file,fs.write_file " +
    'path="/etc/shadow" dev="vda" ino=290';
  expect(parseRecord(1423, text)).toMatchObject({ serial: 77, time: 1_764_032_000_123 });
  expect(read(1423, text)).toMatchObject({
    kind: "denial",
    landlockDomain: "14f9359dd",
    blockers: ["fs.read_file", "fs.write_file"],
    path: "/etc/shadow",
  });
});

test("a path with a blank or a quote is decoded from hex; a name in quotes is not", () => {
  expect(
    read(1423, "audit(1.000:1): domain=a blockers=fs.read_file path=2F612062220A"),
  ).toMatchObject({
    path: '/a b"\n',
  });
  expect(read(1423, 'audit(1.000:1): domain=a blockers=fs.read_file path="ABCD"')).toMatchObject({
    path: "ABCD",
  });
});

test("an abstract socket's name keeps its leading NUL", () => {
  const text = "audit(1.000:1): domain=a blockers=scope.abstract_unix_socket path=00666F6F";
  expect(read(1423, text)).toMatchObject({ path: "\0foo" });
});

test("address, port and the other process of a signal are read", () => {
  expect(
    read(1423, "audit(1.000:1): domain=a blockers=net.connect_tcp daddr=127.0.0.1 dest=80"),
  ).toMatchObject({
    address: "127.0.0.1",
    port: 80,
  });
  expect(
    read(1423, 'audit(1.000:1): domain=a blockers=scope.signal opid=1 ocomm="systemd"'),
  ).toMatchObject({
    other: { pid: 1, comm: "systemd" },
  });
});

test("a domain's announcement, its end and a system call record are read", () => {
  const allocated =
    'audit(1.000:1): domain=a status=allocated mode=enforcing pid=27 uid=0 exe="/bin/x" comm="x"';
  expect(read(1424, allocated)).toMatchObject({ kind: "allocated", pid: 27, executable: "/bin/x" });
  expect(read(1424, "audit(1.000:2): domain=a status=deallocated denials=2")).toEqual({
    kind: "deallocated",
    landlockDomain: "a",
    denials: 2,
  });
  const call =
    "audit(1.000:1): arch=c000003e syscall=257 success=no exit=-13 pid=9 uid=0 euid=33 " +
    'comm=6120 exe="/bin/y" key=(null)';
  expect(read(1300, call)).toMatchObject({
    kind: "syscall",
    call: 257,
    pid: 9,
    uid: 33,
    comm: "a ",
    executable: "/bin/y",
  });
});

test("what is no audit record, or lacks its domain, is nothing", () => {
  expect(parseRecord(1423, "hello")).toBeNull();
  expect(read(1423, "audit(1.000:1): blockers=fs.read_file")).toBeNull();
  expect(read(1424, "audit(1.000:1): domain=a status=whatever")).toBeNull();
});

test("a name cannot forge fields: they are inside its quotes, or in hex", () => {
  const text = 'audit(1.000:1): domain=a blockers=fs.read_file path="/x domain=b" dev="vda"';
  expect(read(1423, text)).toMatchObject({ landlockDomain: "a", path: "/x domain=b" });
});
