import { expect, test } from "vitest";
import { renderSeen, seenJson } from "../../../src/cli/render/events.ts";
import { localTime } from "../../../src/cli/render/local-time.ts";
import {
  allLevelsChanged,
  levelChanged,
  supershellUsed,
} from "../../../src/events/audit-catalogue.ts";
import { auditEvent } from "../../../src/events/audit-event.ts";
import type { Event } from "../../../src/events/event.ts";

test("the end of a level is told in the time zone of the line above it, to programs in UTC", () => {
  const until = "2026-01-02T05:00:00.000Z";
  const by = { uid: 0, name: "root" };
  const event = levelChanged({
    domain: "nginx",
    number: 1,
    from: "enforcing",
    to: "warning",
    by,
    until,
  });
  const seen = { event, seq: 1, count: 1, first: event.time };
  expect(renderSeen(seen, { width: 200, color: false })).toContain(
    `to warning until ${localTime(until)}, by root`,
  );
  expect(seenJson(seen)).toContain(`until ${until}`);
});

test("also of all levels, and of a level that is forgotten; other commands are left alone", () => {
  const until = "2026-01-02T05:00:00.000Z";
  const by = { uid: 0, name: "root" };
  const shown = (event: Event) =>
    renderSeen({ event, seq: 1, count: 1, first: event.time }, { width: 200, color: false });
  expect(shown(allLevelsChanged({ to: "warning", by, until }))).toContain(
    `until ${localTime(until)}, by root`,
  );
  const forgotten = auditEvent(
    { domain: "web", number: 1, level: "warning" },
    "level forgotten",
    `given ${until}`,
    by,
  );
  expect(shown(forgotten)).toContain(`given ${localTime(until)}`);
  const subject = { domain: "shell", number: 2, level: "enforcing", by } as const;
  const use = { phase: "started", terminal: null, origin: null, reason: null } as const;
  expect(shown(supershellUsed({ ...subject, command: `given ${until}`, use }))).toContain(
    `given ${until}`,
  );
});
