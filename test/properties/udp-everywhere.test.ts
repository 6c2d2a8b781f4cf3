import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Domain, NOBODY } from "./domain.ts";
import { Server } from "./server.ts";

const own = process.getuid?.() ?? NOBODY;
const scene = new Domain(own === 0 ? NOBODY : own);
const server = new Server(scene.at("outside.sock"));
const receiver = createSocket("udp4");
let tcpPort = 0;

beforeAll(async () => {
  tcpPort = (await server.open()).port;
  receiver.bind(0, "127.0.0.1");
  await once(receiver, "listening");
});
afterAll(async () => {
  receiver.close();
  await server.close();
  scene.close();
});

test("a user's domain that may send UDP everywhere reaches nothing else by that", async () => {
  const udp = `udp ${receiver.address().port}`;
  const others = [`tcp ${tcpPort}`, `connect ${server.path}`, `bind ${scene.home}/granted/socket`];
  scene.writePolicy({ rest: "network: [connect udp *, connect tcp 9]\n" });
  const arrived = once(receiver, "message");
  expect(scene.tries([udp, ...others])).toEqual([
    "0",
    ...others.map(() => expect.stringMatching(/^(EACCES|EPERM)$/)),
  ]);
  await arrived;
  scene.writePolicy({ rest: "network: [connect udp *, 'deny connect udp loopback:*']\n" });
  expect(scene.tries([udp])).toEqual([expect.stringMatching(/^(EACCES|EPERM)$/)]);
});
