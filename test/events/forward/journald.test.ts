import { afterEach, beforeEach, expect, test } from "vitest";
import { levelChanged } from "../../../src/events/audit-catalogue.ts";
import { journalSink } from "../../../src/events/forward/journal-sink.ts";
import {
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
} from "../../../src/kernel/constants.ts";
import { anEvent } from "../an-event.ts";
import { JournalStandIn } from "./stand-in.ts";

let journald: JournalStandIn;
beforeEach(() => {
  journald = new JournalStandIn();
});
afterEach(() => journald.remove());

function deliver(...events: readonly ReturnType<typeof anEvent>[]) {
  const sink = journalSink(journald.path);
  const result = sink.deliver(events.map((event, at) => ({ event, seq: at + 1, hash: "f00d" })));
  sink.close();
  return result;
}

test("an event becomes an entry with fields; what is not known is left out", () => {
  expect(deliver(anEvent({ number: 49, rule: null, count: 3 }))).toEqual({
    delivered: 1,
    why: null,
  });
  const [entry] = journald.entries();
  expect(entry?.by).toBe("datagram");
  expect(Object.fromEntries(entry?.fields ?? [])).toEqual({
    MESSAGE: "nginx[123]: nginx: read /etc/shadow: denied: no grant names it (3 times)",
    PRIORITY: "4",
    SYSLOG_IDENTIFIER: "cofferdam",
    COFFERDAM_ID: "1-1-1",
    COFFERDAM_SEQ: "1",
    COFFERDAM_HASH: "f00d",
    COFFERDAM_TIME: "2026-01-02T03:04:05.678Z",
    COFFERDAM_COUNT: "3",
    COFFERDAM_DOMAIN: "nginx",
    COFFERDAM_NUMBER: "49",
    COFFERDAM_LEVEL: "enforcing",
    COFFERDAM_SOURCE: "broker",
    COFFERDAM_VERDICT: "denied",
    COFFERDAM_CLASS: "name",
    COFFERDAM_OPERATION: "read",
    COFFERDAM_OBJECT: "/etc/shadow",
    COFFERDAM_REASON: "no-rule",
    COFFERDAM_ALLOW: "files: - r /etc/shadow",
    COFFERDAM_PID: "123",
    COFFERDAM_UID: "0",
    COFFERDAM_COMM: "nginx",
    COFFERDAM_EXE: "/usr/sbin/nginx",
  });
});

test("a value with newlines is given by its length and cannot make fields", () => {
  const object = "/tmp/a\nCOFFERDAM_VERDICT=granted\n\u{1f600}";
  deliver(anEvent({ object }));
  const fields = journald.entries()[0]?.fields;
  expect(fields?.get("COFFERDAM_OBJECT")).toBe(object);
  expect(fields?.get("COFFERDAM_VERDICT")).toBe("denied");
  expect(fields?.get("MESSAGE")).not.toContain("\n");
});

test("a long entry arrives as a sealed memory file", () => {
  const object = `/${"long/".repeat(60_000)}`;
  expect(deliver(anEvent({ object })).why).toBeNull();
  const [entry] = journald.entries();
  expect(entry).toMatchObject({
    by: "memory",
    seals: F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
  });
  expect(entry?.fields.get("COFFERDAM_OBJECT")).toBe(object);
});

test("an audit event has the original's name beside ours, and its author", () => {
  deliver(
    levelChanged({
      domain: "nginx",
      number: 1,
      from: "enforcing",
      to: "disabled",
      by: { uid: 7, name: "anna" },
    }),
  );
  expect(Object.fromEntries(journald.entries()[0]?.fields ?? [])).toMatchObject({
    PRIORITY: "4",
    COFFERDAM_AUDIT: "cofferdam.domain.level.changed",
    COFFERDAM_ESX_EVENT: "esx.audit.uw.secpolicy.domain.level.changed",
    COFFERDAM_BY_UID: "7",
    COFFERDAM_BY_NAME: "anna",
  });
});

test("a journald that does not keep up, or is not there, is not waited for", () => {
  const many = Array.from({ length: 2_000 }, (_, i) => anEvent({ object: `/${i}` }));
  const full = deliver(...many);
  expect(full.why).toMatch(/EAGAIN/);
  expect(full.delivered).toBeGreaterThan(0);
  expect(journald.entries()).toHaveLength(full.delivered);
  const none = journalSink("/proc/none/socket");
  expect(none.deliver([{ event: anEvent(), seq: 1, hash: null }])).toEqual({
    delivered: 0,
    why: expect.stringMatching(/ENOENT/),
  });
  none.close();
});
