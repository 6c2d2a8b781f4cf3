import { expect, test } from "vitest";
import { printableJson } from "../../src/base/printable.ts";
import { renderEvent } from "../../src/events/render.ts";
import { anEvent } from "./an-event.ts";

test("an event has process, access, outcome, reason, and the line that allows it", () => {
  expect(renderEvent(anEvent())).toBe(
    "nginx[123]: nginx: read /etc/shadow: denied: no grant names it\n    allow it with: " +
      "files: - r /etc/shadow",
  );
});

test("a deny rule is quoted, repeats are counted; no remedy, no second line", () => {
  const event = anEvent({ reason: "rule", rule: "deny /etc/shadow", allow: null, count: 7 });
  expect(renderEvent(event)).toBe(
    "nginx[123]: nginx: read /etc/shadow: denied: the rule `deny /etc/shadow` says so\n  (7 times)",
  );
});

test("where no line can be pasted the second line says what to do", () => {
  const event = anEvent({
    class: "socket",
    operation: "create",
    object: "a UDP socket (IPv4)",
    allow: null,
  });
  expect(renderEvent({ ...event, help: "any rule about a udp address grants it" })).toBe(
    "nginx[123]: nginx: create a UDP socket (IPv4): denied: no grant names it\n    any rule " +
      "about a udp address grants it",
  );
  expect(renderEvent({ ...event, reason: "never" })).toMatch(
    /: denied: no policy can grant this\s+here$/,
  );
  expect(renderEvent({ ...event, reason: "host" })).toMatch(
    /: denied: this host cannot hold\s+what the policy grants$/,
  );
});

test("an unknown process is a question mark, not an empty place", () => {
  const process = { pid: 123, uid: null, comm: null, executable: null };
  expect(renderEvent(anEvent({ process }))).toMatch(/^\?\[123\]: nginx: /);
});

test("lines are broken at the width, but no path is", () => {
  const object = `/srv/${"long/".repeat(30)}name`;
  const lines = renderEvent(anEvent({ object, allow: null }), { width: 60 }).split("\n");
  expect(lines.some((line) => line.includes(object))).toBe(true);
  for (const line of lines) if (!line.includes(object)) expect(line.length).toBeLessThanOrEqual(60);
});

test("names cannot write to the terminal: controls and marks are escaped", () => {
  const text = renderEvent(
    anEvent({
      object: "/tmp/\x1b[2J\n\u202e\x9b1m",
      process: { pid: 1, uid: 0, comm: "a\rb", executable: null },
    }),
  );
  expect(text).toContain("/tmp/\\u{1b}[2J\\u{a}\\u{202e}\\u{9b}1m");
  expect(text).toContain("a\\u{d}b[1]");
});

test("color is off unless asked for, and ends on every line", () => {
  expect(renderEvent(anEvent())).not.toContain("\x1b");
  for (const line of renderEvent(anEvent(), { color: true }).split("\n"))
    expect(line).toMatch(/^\x1b\[\d+m.*\x1b\[0m$/);
});

test("the kernel gives no reason, and the text claims none that could be wrong", () => {
  expect(renderEvent(anEvent({ source: "kernel", reason: null, allow: null }))).toBe(
    "nginx[123]: nginx: read /etc/shadow: denied: no grant reaches it",
  );
});

test("what happened to Cofferdam itself names no process and no verdict", () => {
  const event = anEvent({
    class: "lifecycle",
    operation: "lost",
    object: "3 denials",
    verdict: "failed",
    allow: null,
  });
  expect(renderEvent(event)).toBe("cofferdam: nginx: lost: 3 denials");
});

test("an unknown name is shown as one in its directory; a name `?` is not", () => {
  const unnamed = anEvent({ operation: "create", object: "/srv/app/?", allow: null });
  expect(renderEvent({ ...unnamed, source: "kernel" })).toContain(
    "nginx: create a name in /srv/app/: denied",
  );
  expect(renderEvent({ ...unnamed, source: "kernel", operation: "read" })).toContain(
    "read /srv/app/?: denied",
  );
  expect(renderEvent({ ...unnamed, source: "broker" })).toContain("create /srv/app/?: denied");
});

test("no part of an event writes to the terminal, as text or as JSON", () => {
  const acting = "\x1b]0;x\x07\x9b1m\u200f\u202e\ufeff\u2028\x7f";
  const names = { domain: acting, operation: acting, object: acting, rule: acting };
  const event = anEvent({ ...names, allow: { section: "files", line: acting } });
  const form = /[\p{Cc}\p{Cf}\p{Zl}]/u;
  for (const text of [renderEvent(event), renderEvent({ ...event, class: "lifecycle" })])
    for (const line of text.split("\n")) expect(line).not.toMatch(form);
  const json = printableJson(JSON.stringify(event));
  expect(json).not.toMatch(form);
  expect(JSON.parse(json)).toEqual(event);
});
