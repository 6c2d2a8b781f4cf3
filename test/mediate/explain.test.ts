import { expect, test } from "vitest";
import { renderEvent } from "../../src/events/render.ts";
import { explain } from "../../src/mediate/report/explain.ts";
import { policy } from "../compile/plan/fixtures.ts";
import { anEvent } from "../events/an-event.ts";

const request = { class: "name", operation: "read", path: "/etc/shadow" } as const;
const refusal = { ...request, object: request.path, reason: "no-rule", request } as const;

test("no line is proposed where a deny stands against it", () => {
  const event = anEvent(explain(policy({ names: ["r /etc/**", "deny r /etc/shadow"] }), refusal));
  expect(event).toMatchObject({ reason: "rule", allow: null });
  expect(renderEvent(event)).toContain("only without that rule");
  expect(renderEvent(event)).not.toContain("allow it with");
});

test("the line that is missing is proposed", () => {
  const event = anEvent(explain(policy(), refusal));
  expect(event).toMatchObject({ reason: "no-rule", allow: { line: "r /etc/shadow" } });
});
