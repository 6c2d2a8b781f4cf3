/**
 * mqtt-connects PORT MILLISECONDS: connects, one connection after the other, and prints how many a
 * second a broker accepted.
 */
import { once } from "node:events";
import { connect } from "node:net";

const [port, milliseconds] = process.argv.slice(2).map(Number);
// MQTT 3.1.1: CONNECT with a clean session, 60 seconds to keep alive, and no name.
const CONNECT = Buffer.from([0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 0]);

const began = performance.now();
let accepted = 0;
while (performance.now() - began < milliseconds) {
  const socket = connect(port, "127.0.0.1");
  socket.write(CONNECT);
  const [answer] = await once(socket, "data");
  if (answer[0] === 0x20 && answer[3] === 0) accepted++;
  socket.destroy();
}
console.log((accepted / (performance.now() - began)) * 1000);
