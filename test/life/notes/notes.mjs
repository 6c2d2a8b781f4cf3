/**
 * A small application, as an administrator might have one: keeps what is sent to it in its folder
 * and in memcached, and answers with what both have.
 */
import { appendFileSync, createWriteStream, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";

const PORT = 8080;
const MEMCACHED_PORT = 11211;
const kept = `${process.env.STATE_DIRECTORY}/notes.txt`;

const openLog = () => createWriteStream(`${process.env.LOGS_DIRECTORY}/notes.log`, { flags: "a" });
let log = openLog();
process.on("SIGHUP", () => {
  log.end();
  log = openLog();
});

function memcached(note) {
  const socket = connect(MEMCACHED_PORT, "localhost");
  socket.end(`set note 0 0 ${note.length}\r\n${note}\r\nget note\r\nquit\r\n`);
  return text(socket);
}

const server = createServer(async (request, response) => {
  const note = await text(request);
  log.write(`${request.method} ${note.length}\n`);
  appendFileSync(kept, `${note}\n`);
  const cached = await memcached(note).catch((error) => error.message);
  const last = readFileSync(kept, "utf8").trim().split("\n").at(-1);
  response.end(`kept ${last}, cached ${cached.includes(`\r\n${note}\r\n`) ? note : cached}\n`);
});
server.listen(PORT, "127.0.0.1");
process.on("SIGTERM", () => server.close(() => process.exit(0)).closeAllConnections());
