/** What is late, where something else keeps the server's process from reading. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { REQUEST_WAIT_MAX_MS, TURNED_AWAY_WAIT_MS } from "../../src/agent/api/limits.ts";
import { accepted, type Caller } from "../../src/agent/api/peer.ts";
import type { Route } from "../../src/agent/api/route.ts";
import { ApiServer } from "../../src/agent/api/server.ts";
import { listen } from "../../src/agent/listen.ts";
import type { SocketPeer } from "../../src/kernel/peer.ts";
import { scratchFolder } from "../support/scratch.ts";

const folder = scratchFolder("busy-server");
const path = join(folder, "sock");
const IDLE_MS = 300;
const MARGIN_MS = 200;

let server: ApiServer<string[]> | null = null;
let sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await server?.close();
  server = null;
});

const common = { access: "read", summary: "", answer: [] } as const;
const routes: readonly Route<string[]>[] = [
  { ...common, method: "GET", path: "/v1/it", body: [], handle: () => ({ it: "is" }) },
  {
    ...{ ...common, method: "PUT", path: "/v1/it" },
    body: [{ name: "why", type: "why", required: true, doc: "" }],
    handle: (heard, { body }) => ({ length: heard.push(body.why ?? "") }),
  },
];

interface Peer {
  readonly socket: Socket;
  /** All that the server has said, once it has closed the connection. */
  readonly answer: Promise<string>;
}

/** The texts that the server was given in requests. */
async function serve(judge: (peer: SocketPeer) => Caller, idleMs?: number): Promise<string[]> {
  const heard: string[] = [];
  const idle = idleMs === undefined ? {} : { idleMs };
  server = new ApiServer({ subject: heard, routes, judge, log: () => undefined, ...idle });
  await listen(server.server, path);
  return heard;
}

/** Once the server has accepted the connection. */
async function peer(): Promise<Peer> {
  if (server === null) throw new Error("nothing serves");
  const met = once(server.server, "connection");
  const socket = connect(path).on("error", () => undefined);
  sockets.push(socket);
  let text = "";
  socket.on("data", (data) => {
    text += data;
  });
  const answer = once(socket, "close").then(() => text);
  await Promise.all([met, once(socket, "connect")]);
  return { socket, answer };
}

/** The process does nothing else meanwhile. */
function beBusy(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

const BODY = '{"why":"in time"}';
const GET = "GET /v1/it HTTP/1.1\r\nHost: x\r\n\r\n";
const PUT = `PUT /v1/it HTTP/1.1\r\nHost: x\r\nContent-Length: ${BODY.length}\r\n\r\n`;

test("a busy server answers what was sent in time, and refuses what was not", async () => {
  const heard = await serve(accepted);
  const [whole, body] = [await peer(), await peer()];
  const [halfHead, halfBody, silent] = [await peer(), await peer(), await peer()];
  body.socket.write(PUT);
  const [read] = await once(server?.server ?? body.socket, "request");
  expect(read.complete).toBe(false);
  whole.socket.write(GET);
  body.socket.write(BODY);
  halfHead.socket.write(PUT.slice(0, -2));
  halfBody.socket.write(PUT + BODY.slice(0, -1));
  beBusy(REQUEST_WAIT_MAX_MS + MARGIN_MS);
  expect(await whole.answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"it":"is"\}/);
  expect(await body.answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"length":1\}/);
  for (const late of [halfHead, halfBody, silent])
    expect(await late.answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*"error":"the request did not arrive/);
  expect(heard).toEqual(["in time"]);
});

test("a connection is not idle while what was sent lies there", async () => {
  await serve(accepted, IDLE_MS);
  const [asking, silent] = [await peer(), await peer()];
  asking.socket.write(GET);
  beBusy(IDLE_MS + MARGIN_MS);
  expect(await asking.answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(await silent.answer).toBe("");
});

test("a peer that is turned away hears why, also of a busy server", async () => {
  await serve(() => ({ state: "refused", why: "not you", help: "ask elsewhere" }));
  const [asking, silent] = [await peer(), await peer()];
  asking.socket.write(GET);
  beBusy(TURNED_AWAY_WAIT_MS + MARGIN_MS);
  expect(await asking.answer).toMatch(/^HTTP\/1\.1 403 [\s\S]*"error":"not you"/);
  expect(await silent.answer).toBe("");
});

test("no timer is left of a connection that is closed", async () => {
  await serve(accepted);
  const timers = () => process.getActiveResourcesInfo().filter((one) => one === "Timeout").length;
  const before = timers();
  const asking = await peer();
  expect(timers()).toBeGreaterThan(before);
  asking.socket.write(GET);
  await asking.answer;
  const leaving = await peer();
  leaving.socket.destroy();
  await leaving.answer;
  await expect.poll(timers, { timeout: REQUEST_WAIT_MAX_MS / 2 }).toBeLessThanOrEqual(before);
});
