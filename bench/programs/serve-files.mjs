/** serve-files PORT FOLDER: a server in Node that reads a file for each request. */
import { readFile } from "node:fs";
import { createServer } from "node:http";

const [port, folder] = process.argv.slice(2);
const server = createServer((_, response) => {
  readFile(`${folder}/page`, (error, page) => {
    if (error !== null) response.statusCode = 500;
    response.end(page);
  });
});
server.listen(Number(port), "127.0.0.1");
process.on("SIGINT", () => process.exit(0));
