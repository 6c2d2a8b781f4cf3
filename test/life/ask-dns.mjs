/**
 * Asks the server at an address, by default 127.0.0.1, for a name over UDP and TCP. By default also
 * for one that the server must ask another for, which is this program at 127.0.0.2. Prints the
 * addresses that it hears.
 */
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { createConnection } from "node:net";

const DNS_PORT = 53;
const [, , server = "127.0.0.1"] = process.argv;
const isNeighbour = server === "127.0.0.1";
const NO_ANSWER_MS = 20_000;
setTimeout(() => process.exit(1), NO_ANSWER_MS).unref();

const flags = { recursionDesired: 0x0100, response: 0x8180 };
const A_OF_INTERNET = [0, 1, 0, 1];

function header(id, itsFlags, answers) {
  return Buffer.from([id, itsFlags, 1, answers, 0, 0].flatMap((word) => [word >> 8, word & 0xff]));
}

function question(name) {
  const labels = name.split(".").flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.from([...labels, 0, ...A_OF_INTERNET]);
}

/** To every question: 192.0.2.9, which may not be cached. */
const upstream = createSocket("udp4", (query, { port, address }) => {
  const end = query.indexOf(0, 12) + 1 + A_OF_INTERNET.length;
  const nameAgain = [0xc0, 12];
  const record = [...nameAgain, ...A_OF_INTERNET, 0, 0, 0, 0, 0, 4, 192, 0, 2, 9];
  const head = header(query.readUInt16BE(0), flags.response, 1);
  upstream.send(Buffer.from([...head, ...query.subarray(12, end), ...record]), port, address);
});
if (isNeighbour) {
  upstream.bind(DNS_PORT, "127.0.0.2");
  await once(upstream, "listening");
}

async function overTcp(name) {
  const query = Buffer.concat([header(1, flags.recursionDesired, 0), question(name)]);
  const socket = createConnection(DNS_PORT, server);
  socket.write(Buffer.from([0, query.length, ...query]));
  const [answer] = await once(socket, "data");
  socket.destroy();
  return [...answer.subarray(-4)].join(".");
}

const resolver = new Resolver();
resolver.setServers([server]);
const overUdp = await resolver.resolve4("own.life.test");
const forwarded = isNeighbour ? await resolver.resolve4("asked.life.example") : [];
console.log(...overUdp, await overTcp("own.life.test"), ...forwarded);
upstream.close();
