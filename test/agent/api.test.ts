import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BODY_BYTES_MAX, CONNECTIONS_MAX } from "../../src/agent/api/limits.ts";
import { routes } from "../../src/agent/api/routes.ts";
import { readValue } from "../../src/base/read-json.ts";
import {
  agentStatus,
  reloaded,
  shownChanges,
  shownDetails,
  shownDomains,
} from "../../src/host/agent-answers.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { policyText, ScratchHost } from "./scratch-host.ts";

let host: ScratchHost | null = null;
const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  if (!isRoot) return;
  host = new ScratchHost();
  host.policy("alpha", policyText("r /srv/alpha/**"));
  await host.start();
});
afterAll(async () => {
  await host?.remove();
});

function theHost(): ScratchHost {
  if (host === null) throw new Error("there is no host");
  return host;
}

/** Sends bytes as they are; the whole answer, once the other side has closed. */
async function raw(bytes: string | Buffer, end = false): Promise<string> {
  const socket = connect(theHost().places.system.control);
  socket.on("error", () => undefined);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  const closed = once(socket, "close");
  if (end) socket.end(bytes);
  else socket.write(bytes);
  await closed;
  return Buffer.concat(chunks).toString("utf8");
}

function request(method: string, path: string, body = "", headers = ""): string {
  return (
    `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ` +
    `${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`
  );
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
}

test.for([
  ["GET", "/", 404],
  ["GET", "/v1", 404],
  ["GET", "/v2/domains", 404],
  ["GET", "/v1/domains/", 404],
  ["GET", "/v1/domains/../../etc/shadow", 404],
  ["GET", "/v1/domains/..", 400],
  ["GET", "/v1/domains/%2e%2e", 400],
  ["GET", "/v1/domains/..%2f..%2fetc%2fshadow", 400],
  ["GET", "/v1/domains/alpha%00", 400],
  ["GET", "/v1/domains/superDom", 400],
  ["GET", "/v1/domains/alpha?x=1", 400],
  ["GET", `/v1/domains/${"a".repeat(65)}`, 400],
  ["GET", "/v1/domains/nobody", 404],
  ["GET", "http://evil/v1/domains", 404],
  ["DELETE", "/v1/domains", 405],
  ["POST", "/v1/status", 405],
  ["OPTIONS", "/v1/status", 405],
  ["PUT", "/v1/domains/nobody/level", 400],
  ["POST", "/v1/domains/nobody/reload", 404],
] as const)("%s %s is answered %i", async ([method, path, status], context) => {
  needsRoot(context);
  const answer = await raw(request(method, path));
  expect(statusOf(answer)).toBe(status);
  expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toMatchObject({
    error: expect.any(String),
    help: expect.any(String),
  });
});

test.for([
  ["nothing", ""],
  ["no JSON", "level=warning"],
  ["a list", "[]"],
  ["null", "null"],
  ["no level", "{}"],
  ["an unknown level", '{"level":"open"}'],
  ["a level that is an object's own member", '{"level":"constructor"}'],
  ["an unknown member", '{"level":"warning","path":"/etc/shadow"}'],
  ["a prototype", '{"level":"warning","__proto__":{"seconds":1}}'],
  ["no time", '{"level":"warning","seconds":0}'],
  ["half a second", '{"level":"warning","seconds":0.5}'],
  ["a time beyond all", '{"level":"warning","seconds":1e300}'],
  ["a time in words", '{"level":"warning","seconds":"1h"}'],
] as const)("a body of %s is refused, and nothing changes", async ([, body], context) => {
  needsRoot(context);
  expect(statusOf(await raw(request("PUT", "/v1/domains/alpha/level", body)))).toBe(400);
  expect(await theHost().ask("GET", "/domains/alpha")).toMatchObject({
    level: "enforcing",
    givenBy: null,
  });
});

test.for([
  ["GET", "/status", undefined, agentStatus],
  ["GET", "/domains", undefined, shownDomains],
  ["GET", "/domains/alpha", undefined, shownDetails],
  ["PUT", "/domains/alpha/level", { level: "warning", seconds: 3600 }, shownChanges],
  ["GET", "/domains/alpha", undefined, shownDetails],
  ["DELETE", "/domains/alpha/level", undefined, shownChanges],
  ["PUT", "/level", { level: "enforcing" }, shownChanges],
  ["POST", "/domains/alpha/reload", undefined, reloaded],
  ["POST", "/reload", undefined, reloaded],
] as const)(
  "%s %s answers what its definition says, to the last member",
  async ([method, path, body, answer], context) => {
    needsRoot(context);
    const said = await theHost().ask(method, path, body);
    expect(readValue<unknown>(answer, said)).toEqual({ state: "good", value: said });
  },
);

test("no launcher is led into a domain while the engine is not attached", async (context) => {
  needsRoot(context);
  const led = theHost().ask("POST", "/domains/alpha/arrival", { level: "enforcing" });
  await expect(led).rejects.toThrow(/the bpf-lsm engine is not attached/);
});

test("a malformed or incomplete request ends only its connection", async (context) => {
  needsRoot(context);
  const requests = [
    "\r\n\r\n\r\n",
    "hello\r\n\r\n",
    Buffer.alloc(100_000, 0xff),
    `GET /v1/status HTTP/1.1\r\nX: ${"y".repeat(20_000)}\r\n\r\n`,
    `GET /${"y".repeat(20_000)} HTTP/1.1\r\n\r\n`,
    "GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n" +
      "\r\n0\r\n\r\n",
    "CONNECT evil:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /v1/status HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
  ];
  for (const one of requests) await raw(one, true);
  const large = await raw(
    request("PUT", "/v1/domains/alpha/level", "x".repeat(BODY_BYTES_MAX + 1)),
  );
  expect(statusOf(large)).toBe(413);
  expect((await theHost().ask("GET", "/status")).pid).toBe(process.pid);
});

test("a connection is good for one request", async (context) => {
  needsRoot(context);
  const answer = await raw(request("GET", "/v1/status") + request("GET", "/v1/status"));
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
});

test("a slow client is disconnected, and delays no other", async (context) => {
  needsRoot(context);
  const slow = connect(theHost().places.system.control);
  slow.on("error", () => undefined);
  slow.write("GET /v1/status HTTP/1.1\r\nHos");
  const body = connect(theHost().places.system.control);
  body.on("error", () => undefined);
  body.write("PUT /v1/level HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{");
  const closed = Promise.all([slow, body].map((socket) => once(socket, "close")));
  const heard = [slow, body].map((socket) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    return chunks;
  });
  expect((await theHost().ask("GET", "/status")).pid).toBe(process.pid);
  await closed;
  for (const chunks of heard) {
    const answer = Buffer.concat(chunks).toString("utf8");
    expect(statusOf(answer)).toBe(408);
    expect(answer).toContain('{"error":"the request did not arrive within 20 seconds","help":"try');
  }
});

test("connections beyond the limit are refused with a message", async (context) => {
  needsRoot(context);
  const held: Socket[] = [];
  for (let i = 0; i < CONNECTIONS_MAX; i++) {
    const socket = connect(theHost().places.system.control);
    socket.on("error", () => undefined);
    await once(socket, "connect");
    held.push(socket);
  }
  expect(statusOf(await raw(request("GET", "/v1/status")))).toBe(503);
  const closed = Promise.all(held.map((socket) => once(socket.resume(), "close")));
  for (const socket of held) socket.destroy();
  await closed;
  await expect.poll(async () => statusOf(await raw(request("GET", "/v1/status")))).toBe(200);
});

test("answers have the members that the document promises", async (context) => {
  skipUnless(context, isRoot, "it needs root");
  const answers: Record<string, unknown> = {
    "/v1/status": await theHost().ask("GET", "/status"),
    "/v1/domains/{domain}": await theHost().ask("GET", "/domains/alpha"),
  };
  for (const [path, answer] of Object.entries(answers)) {
    const route = routes.find((one) => one.path === path && one.method === "GET");
    const promised =
      route?.answer.flatMap(({ name }) => name.replaceAll("[]", "").split(", ")) ?? [];
    expect(Object.keys(answer as object).sort()).toEqual(promised.sort());
  }
});
