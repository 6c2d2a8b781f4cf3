import type { Event } from "../../src/events/event.ts";

/** A denial as the kernel would tell it, with whatever a test wants to be different. */
export function anEvent(changes: Partial<Event> = {}): Event {
  return {
    v: 1,
    id: "1-1-1",
    time: "2026-01-02T03:04:05.678Z",
    monotonic: "1",
    domain: "nginx",
    number: null,
    level: "enforcing",
    engine: "landlock",
    source: "broker",
    verdict: "denied",
    class: "name",
    operation: "read",
    object: "/etc/shadow",
    request: undefined,
    process: { pid: 123, uid: 0, comm: "nginx", executable: "/usr/sbin/nginx" },
    rule: null,
    reason: "no-rule",
    allow: { section: "files", line: "r /etc/shadow" },
    count: 1,
    ...changes,
  };
}
