import { expect, test } from "vitest";
import { renderSeen, seenJson } from "../../../src/cli/render/events.ts";
import { localTime } from "../../../src/cli/render/local-time.ts";
import { levelChanged } from "../../../src/events/audit-catalogue.ts";

test("the end of a level is told in the time zone of the line above it, to programs in UTC", () => {
  const until = "2026-01-02T05:00:00.000Z";
  const by = { uid: 0, name: "root" };
  const event = levelChanged({ domain: "nginx", number: 1, from: "enforcing", to: "warning", by, until });
  const seen = { event, seq: 1, count: 1, first: event.time };
  expect(renderSeen(seen, { width: 200, color: false })).toContain(`to warning until ${localTime(until)}, by root`);
  expect(seenJson(seen)).toContain(`until ${until}`);
});
