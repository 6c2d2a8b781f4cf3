import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PUBLIC_FOLDER } from "../src/base/modes.ts";

/**
 * The files of one demonstration: a site to serve, and beside it files that no visitor should
 * reach.
 */
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
  readonly agentLog: string;
  readonly port: number;
  /** Its command line. */
  readonly server: readonly string[];
  /** The domain's file, `demo/web.yaml` with this scene's names in it. */
  readonly policy: string;
  remove(): void;
}

export const secretText = "the database password is hunter2";

/** Where the host's events are. */
export const hostLog = "/var/log/cofferdam/events.jsonl";

/** `library`: the folder of the host's domains, where the scene's is to be one of them. */
export async function makeScene(home: string, library: string | null): Promise<Scene> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "cofferdam-demo-")));
  chmodSync(folder, PUBLIC_FOLDER);
  const site = join(folder, "site");
  mkdirSync(join(site, "notes"), { recursive: true });
  mkdirSync(join(folder, "private"));
  writeFileSync(join(site, "index.html"), "welcome\n");
  writeFileSync(join(folder, "private", "secret.txt"), `${secretText}\n`);
  const port = await freePort();
  const pid = join(folder, "server.pid");
  const server = [process.execPath, join(home, "demo", "server.mjs"), site, String(port), pid];
  const policy = join(library ?? folder, "web.yaml");
  writeFileSync(
    policy,
    policyFor(home, { node: server[0], server: server[1], site, pid, port: String(port) }),
  );
  return {
    folder,
    site,
    secret: join(folder, "private", "secret.txt"),
    planted: join(folder, "private", "backdoor"),
    pid,
    events: join(folder, "events.jsonl"),
    log: join(folder, "server.log"),
    agentLog: join(folder, "agent.log"),
    port,
    server,
    policy,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * A run with `--set` would not follow the host's level: the variables' values are written into the
 * file.
 */
function policyFor(home: string, values: Readonly<Record<string, string | undefined>>): string {
  const text = readFileSync(join(home, "demo", "web.yaml"), "utf8");
  return text.replaceAll(/^ {2}(\w+): .*$/gm, (line, name: string) =>
    values[name] === undefined ? line : `  ${name}: ${JSON.stringify(values[name])}`,
  );
}

/** A TCP port of the loopback address that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === "object" && address !== null ? address.port : 0),
      );
    });
  });
}
