import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The files of one showing: a site to serve, and next to it what nobody should reach. */
export interface Scene {
  readonly folder: string;
  readonly site: string;
  readonly secret: string;
  /** Where an attacker would like to leave something. */
  readonly planted: string;
  /** In a folder that is not the server's own, as pid files are. */
  readonly pid: string;
  readonly events: string;
  /** What the server prints. */
  readonly log: string;
  readonly port: number;
  remove(): void;
}

export const secretText = "the database password is hunter2";

export async function makeScene(): Promise<Scene> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "cofferdam-demo-")));
  chmodSync(folder, 0o755);
  const site = join(folder, "site");
  mkdirSync(join(site, "notes"), { recursive: true });
  mkdirSync(join(folder, "private"));
  writeFileSync(join(site, "index.html"), "welcome\n");
  writeFileSync(join(folder, "private", "secret.txt"), `${secretText}\n`);
  return {
    folder,
    site,
    secret: join(folder, "private", "secret.txt"),
    planted: join(folder, "private", "backdoor"),
    pid: join(folder, "server.pid"),
    events: join(folder, "events.jsonl"),
    log: join(folder, "server.log"),
    port: await freePort(),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A TCP port of the loopback address that nobody listens on now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
