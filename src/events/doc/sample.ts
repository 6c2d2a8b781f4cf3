import { levelChanged } from "../audit-catalogue.ts";
import type { Event } from "../event.ts";

const time = "2026-01-31T16:00:59.250Z";

export const denial: Event = {
  v: 1,
  id: "1769875259250000000-311-7",
  time,
  monotonic: "98765432100",
  domain: "nginx",
  number: 49,
  level: "enforcing",
  engine: "landlock",
  source: "broker",
  verdict: "denied",
  class: "name",
  operation: "read",
  object: "/etc/shadow",
  request: { class: "name", operation: "read", path: "/etc/shadow" },
  process: { pid: 4711, uid: 33, comm: "nginx", executable: "/usr/sbin/nginx" },
  rule: null,
  reason: "no-rule",
  allow: { section: "files", line: "r /etc/shadow" },
  count: 1,
};

export const levelChange: Event = {
  ...levelChanged({
    domain: "nginx",
    number: 49,
    from: "enforcing",
    to: "warning",
    by: { uid: 0, name: "root" },
  }),
  id: "1769875259250000000-290-8",
  time,
  monotonic: denial.monotonic,
};
