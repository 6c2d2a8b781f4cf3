import { expect, test } from "vitest";
import { abortFile } from "../../bench/hanging-files.ts";
import { isolationNote, parseCalls, slowestOf } from "../../bench/slowest.ts";

const report = "open 10 40 900 1000 0\ncreate 20 50 2500 1000 3\nexec 500 600 700 10 0\n";

test("the slowest call of all kinds counts, and every refusal", () => {
  expect(slowestOf(parseCalls(report))).toEqual({
    kind: "create",
    most: 2500,
    p999: 600,
    count: 2010,
    failed: 3,
  });
});

test("words beside the calls are no calls", () => {
  expect(parseCalls(`cofferdam: a warning of five words\n${report}`)).toEqual(parseCalls(report));
});

test("a domain that made no call has no slowest one", () => {
  expect(slowestOf(parseCalls(""))).toBeNull();
  expect(slowestOf(parseCalls("open 0 0 0 0 0\n"))).toBeNull();
});

test("an attack is judged by how much longer the slowest call takes beside it", () => {
  const alone = { kind: "exec", most: 5_000, p999: 1, count: 100, failed: 0 };
  const beside = { kind: "open", most: 25_000, p999: 1, count: 50, failed: 0 };
  expect(isolationNote(alone, beside, 20)).toBe(
    "open 20.0 ms longer, budget 20: met; 50 calls, 100 alone",
  );
  expect(isolationNote(alone, { ...beside, most: 25_100, failed: 7 }, 20)).toBe(
    "open 20.1 ms longer, budget 20: MISSED; 50 calls, 100 alone; 7 of 50 calls refused",
  );
});

test("a connection is aborted by the number of its file system's device", () => {
  expect(abortFile(57)).toBe("/sys/fs/fuse/connections/57/abort");
});
