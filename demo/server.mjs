// A small web server with three holes of the kind that get daemons broken into. Never run it where
// others can reach it.
//   node server.mjs FOLDER PORT PIDFILE
import { exec } from "node:child_process";
import { writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";

const [folder = ".", port = "8080", pidFile = "server.pid"] = process.argv.slice(2);
const run = promisify(exec);

const handlers = {
  // Hole 1: a name with `..` leads out of the folder.
  "/page": (query) => readFile(join(folder, query.get("name") ?? ""), "utf8"),
  // Hole 2: the same for writing.
  "/note": async (query) => {
    await writeFile(join(folder, "notes", query.get("name") ?? ""), `${query.get("text")}\n`);
    return "noted\n";
  },
  // Hole 3: whatever stands behind a `;` is a command of its own.
  "/lookup": async (query) => (await run(`echo looking up ${query.get("host")}`)).stdout,
  "/pid": () => `${process.pid}\n`,
};

writeFileSync(pidFile, `${process.pid}\n`);

createServer(async (request, response) => {
  // On a slow machine a visitor's next request could meet a connection that is just being closed.
  response.shouldKeepAlive = false;
  const url = new URL(request.url ?? "/", "http://localhost");
  try {
    const handler = handlers[url.pathname];
    response.end(handler ? await handler(url.searchParams) : "no such page\n");
  } catch (error) {
    response.statusCode = 500;
    response.end(`${error.message.split("\n")[0]}\n`);
  }
}).listen(Number(port), "127.0.0.1");

process.on("SIGTERM", () => process.exit(0));
