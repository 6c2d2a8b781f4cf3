import { expect, test } from "vitest";
import { parseGrant } from "../../src/host/exception-grant.ts";

test.each([
  ["r /srv/new/**", "files", "r /srv/new/**"],
  ["  rw /srv/it's/\\*x ", "files", "rw /srv/it's/\\*x"],
  ["files: - r /srv/x", "files", "r /srv/x"],
  ["connect tcp 10.0.0.0/8:443", "network", "connect tcp 10.0.0.0/8:443"],
  ["network: connect unix @x", "network", "connect unix @x"],
  ["netlink route", "network", "netlink route"],
  ["any", "signals", "any"],
  ["signals: redis-server", "signals", "redis-server"],
])("a line is taken for what it is: %s", (typed, section, line) => {
  expect(parseGrant(typed)).toEqual({ state: "good", grant: { section, line } });
});

test.each(["net_admin", "chown", "ptrace", "@mount", "jit", "shm", "stdio", "user: root"])(
  "what is fixed at the start is refused by its name: %s",
  (typed) => {
    const parsed = parseGrant(typed);
    expect(parsed.state === "refused" ? parsed.why : parsed.state).toMatch(/is fixed when/);
  },
);

test.each([
  ["rq /srv/x", "CFD1201", 1, 2],
  ["r srv", "CFD1214", 3, 3],
  ["files: r /srv/[x", "CFD1214", 8, 2],
  ["connect tcp", "CFD1203", 1, 11],
])("what is no line is shown where it is wrong: %s", (typed, code, column, length) => {
  const parsed = parseGrant(typed);
  if (parsed.state !== "wrong") throw new Error(parsed.state);
  expect(parsed.diagnostics[0]).toMatchObject({ code, line: 1, column, length });
});
