import { expect, test } from "vitest";
import { localTime, timeLeft } from "../../src/cli/render/local-time.ts";
import { type HostStatus, renderStatus } from "../../src/cli/render/status.ts";
import type { AgentStatus } from "../../src/host/agent-answers.ts";

const since = "2026-01-31T10:00:00.000Z";
const plain = { width: 80, color: false };

const agent: AgentStatus = {
  pid: 77,
  since,
  domains: 4,
  levels: { enforcing: 2, warning: 1, disabled: 1 },
  relaxed: [
    { name: "nginx", level: "warning", until: null },
    { name: "redis-server", level: "disabled", until: null },
  ],
  exceptions: [],
  bad: [],
  runs: { sealed: 1, supervised: 1 },
  mediator: { state: "running", pid: 78, restarts: 0 },
  sessions: { state: "none", pid: null, restarts: 0 },
  refusals: {
    state: "running",
    pid: 79,
    restarts: 0,
    landlock: null,
    programs: null,
    capabilities: null,
  },
  drift: { runs: 1, names: 31, elsewhere: 2, directories: 12, problems: [] },
  events: { today: { denied: 3, warned: 8, lost: 0 }, lost: 0, problem: null, forwarding: {} },
  refusedPeers: 0,
  memory: 64 * 1024 * 1024,
};

const host: HostStatus = {
  engine: "landlock",
  domains: 4,
  runs: [],
  running: [
    {
      domain: "nginx",
      number: 1,
      level: "warning",
      engine: "landlock",
      mode: "supervised",
      filterBehind: 0,
      processes: 5,
    },
    {
      domain: "postgres",
      number: 2,
      level: "enforcing",
      engine: "landlock",
      mode: "sealed",
      filterBehind: 0,
      processes: 1,
    },
  ],
  ownMediators: [
    { domain: "shell", uid: 1000 },
    { domain: "web", uid: 0 },
    { domain: "shell", uid: 1000 },
  ],
  lost: [
    { domain: "postgres", layer: "addresses", state: "lost", detail: "a whole paragraph" },
    { domain: "postgres", layer: "files", state: "partial", detail: "another one" },
  ],
  agent,
  claimed: [
    { pid: 9, comm: "memcached", domain: "memcached", by: "memcached.service" },
    { pid: 12, comm: "nginx", domain: "nginx", by: "/usr/sbin/nginx" },
    { pid: 13, comm: "nginx", domain: "nginx", by: "/usr/sbin/nginx" },
  ],
  listening: { sockets: 4, inDomains: 2, outside: ["sshd tcp 22"], unknown: 1 },
  attention: [],
};

test("a host at a glance: one short line for each thing, details elsewhere", () => {
  expect(renderStatus(host, plain)).toBe(
    `engine     landlock
agent      process 77 since ${localTime(since)}, 64 MiB
mediator   process 78
refusals   process 79
watched    31 granted names of 1 sealed run, in 12 folders; 2 on network file
           systems are not
domains    4: 2 enforcing, 1 warning, 1 disabled
           warning: nginx
           disabled: redis-server
running    6 processes in 2 domains
           nginx     warning    supervised  5 processes
           postgres  enforcing  sealed      1 process
           mediators of one run: 3 of 32 (shell of user 1000: 2, web: 1)
lost       postgres: addresses (cofferdam plan postgres)
in part    postgres: files (cofferdam plan postgres)
events     today 3 denied, 8 warned about, 0 lost
outside    memcached.service runs unconfined (process 9); there is the domain
           memcached: cofferdam unit enable --now memcached.service
outside    /usr/sbin/nginx runs unconfined (processes 12, 13); there is the
           domain nginx
listening  2 of 4 sockets that listen are in a domain; outside: sshd tcp 22; 1
           belong to processes that only root may see
`,
  );
});

test("many units that run outside are told of together, with the command for all", () => {
  const units = ["cron.service", "nginx.service", "redis-server.service"];
  const claimed = units.map((by, at) => ({ pid: at, comm: "x", domain: "x", by }));
  const program = { pid: 12, comm: "nginx", domain: "nginx", by: "/usr/sbin/nginx" };
  const text = renderStatus({ ...host, claimed: [...claimed, program] }, plain);
  expect(text.replaceAll(/\s+/g, " ")).toContain(
    "outside 3 units run unconfined, and there are domains for them: cron.service, " +
      "nginx.service, redis-server.service: cofferdam protect --all --now " +
      "outside /usr/sbin/nginx runs unconfined (process 12); there is the domain nginx",
  );
});

test("what needs attention comes last, in red where there are colours", () => {
  const troubled = { ...host, attention: ["the policy of nginx is broken: cofferdam check nginx"] };
  expect(renderStatus(troubled, plain).trimEnd().split("\n").at(-1)).toBe(
    "ATTENTION  the policy of nginx is broken: cofferdam check nginx",
  );
  expect(renderStatus(troubled, { width: 80, color: true })).toMatch(
    /\x1b\[31mATTENTION .*\x1b\[0m\n$/,
  );
});

test("without an agent it says so, and shows what runs", () => {
  const text = renderStatus({ ...host, agent: null }, plain);
  expect(text).toContain("agent      not running, so levels cannot change while daemons run");
  expect(text).toContain("domains    4\n");
  expect(text).toContain("postgres  enforcing  sealed      1 process\n");
  expect(text).not.toContain("events");
});

test("a thousand domains do not fill the screen, and no line is too wide", () => {
  const many = Array.from({ length: 1_000 }, (_, at) => `domain-with-a-name-${at}`);
  const text = renderStatus(
    {
      ...host,
      running: many.map((domain) => ({
        domain,
        number: 1,
        level: "warning",
        engine: "landlock",
        mode: "supervised",
        filterBehind: 0,
        processes: 1,
      })),
      agent: { ...agent, relaxed: many.map((name) => ({ name, level: "warning", until: null })) },
    },
    plain,
  );
  expect(text).toContain("and 985 more: cofferdam ps\n");
  expect(text).toContain("and 985 more");
  expect(text.split("\n").length).toBeLessThan(45);
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("sinks that get nothing are named", () => {
  const events = { ...agent.events, forwarding: { journald: "send to journald: ENOENT" } };
  expect(renderStatus({ ...host, agent: { ...agent, events } }, plain)).toContain(
    "\n           journald gets no events: send to journald: ENOENT\n",
  );
});

test.each([
  [7_200, "2h"],
  [7_140, "1h 59m"],
  [9, "9s"],
  [90_061, "1d 1h"],
  [3_605, "1h"],
  [-5, "0s"],
])("%i seconds ahead are %s", (seconds, text) => {
  const now = Date.parse(since);
  expect(timeLeft(new Date(now + seconds * 1_000).toISOString(), now)).toBe(text);
});
