import { chmodSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import {
  MODE_BITS,
  PERMISSION_BITS,
  PUBLIC_FOLDER,
  SHARED_FOLDER,
  WRITABLE_BY_OTHERS,
} from "../../src/base/modes.ts";
import type { AddressRule } from "../../src/model/policy.ts";
import { scratchFolder } from "../support/scratch.ts";
import { type Built, buildAll } from "./build.ts";
import { type Run, runScene, type SceneOptions } from "./scene.ts";

const broker = { inet: "broker", unix: "broker" } as const;
const FIRST_PORT = 20_480;
const PORTS_TRIED = 100;
const notified = ["connect", "sendto", "sendmsg", "sendmmsg"];

let built: Built;
let tree: string;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());
beforeEach(() => {
  tree = scratchFolder("tree");
  mkdirSync(join(tree, "run"));
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

function run(script: string, rules: readonly string[], options: Partial<SceneOptions> = {}): Run {
  const done = runScene(
    built,
    { sockets: broker, notify: notified, ...options, rules },
    [built.target, ...script.split(" ")],
    tree,
  );
  expect(done.stderr).toBe("");
  return done;
}

function inet(port: number, address = "7f000001"): string {
  return `#hex=0200${port.toString(16).padStart(4, "0")}${address}0000000000000000`;
}

function unix(name: string): string {
  return `#hex=0100${Buffer.from(name).toString("hex")}00 ${2 + name.length + 1}`;
}

function abstract(name: string): string {
  return `#hex=010000${Buffer.from(name).toString("hex")} ${3 + name.length}`;
}

function address(
  operation: "connect" | "listen",
  protocol: "tcp" | "udp",
  port: number,
): AddressRule {
  const network = { family: 4, address: Uint8Array.of(127, 0, 0, 0), prefix: 8 } as const;
  const source = {
    file: "scene",
    line: 1,
    column: 1,
    text: `${operation} ${protocol} 127.0.0.0/8 ${port}`,
  };
  return {
    effect: "allow",
    operation,
    protocol,
    network,
    ports: { first: port, last: port },
    source,
  };
}

test("a unix socket is bound to its exact name, with the string the target gave", () => {
  const path = `${tree}/run/yes`;
  const done = run(
    `umask 022 ; socket 1 1 0 ; bind $ ${unix(path)} ; listen 3 5 ; socket 1 1 0 ; ` +
      `bind 4 ${unix(`${tree}/run/no`)} ; bind 4 ${unix(path)} ; socket 1 1 0 ; ` +
      `bind 5 ${unix("run/relative")}`,
    [`listen ${path}`, `listen ${tree}/run/relative`],
  );
  expect(done.lines.filter((line) => /bind|listen/.test(line))).toEqual([
    "bind: 0 -",
    "listen: 0 -",
    "bind: -1 EACCES",
    "bind: -1 EADDRINUSE",
    "bind: 0 -",
  ]);
  expect(statSync(path).mode & MODE_BITS).toBe(PERMISSION_BITS & ~WRITABLE_BY_OTHERS);
  expect(statSync(join(tree, "run/relative")).isSocket()).toBe(true);
  expect(existsSync(join(tree, "run/no"))).toBe(false);
  expect(done.events).toHaveLength(1);
  expect(done.events[0]).toMatchObject({ operation: "listen", object: `${tree}/run/no` });
});

test("a string that could lead elsewhere by then is still the socket's address", () => {
  mkdirSync(join(tree, "run/deep"));
  symlinkSync("deep", join(tree, "run/link"));
  const paths = ["run/link/b", `${tree}/run//./c`, `${tree}/run/deep/d`];
  const sockets = paths.map(
    (path, n) => `socket 1 1 0 ; bind $ ${unix(path)} ; getsockname ${n + 3}`,
  );
  const done = run(`${sockets.join(" ; ")} ; unlink ${tree}/run/deep/d`, [
    `listen ${tree}/run/**`,
    `rwcd ${tree}/run/**`,
  ]);
  expect(done.lines.filter((line) => line.startsWith("getsockname"))).toEqual(
    paths.map((path) => `getsockname: ${path}`),
  );
  for (const name of ["deep/b", "c"])
    expect(statSync(join(tree, "run", name)).isSocket()).toBe(true);
  expect(existsSync(join(tree, "run/deep/d"))).toBe(false);
});

test("a path with `..` is bound from within the directory it led to", () => {
  mkdirSync(join(tree, "run/deep"));
  const done = run(`socket 1 1 0 ; bind $ ${unix(`${tree}/run/deep/../a`)} ; getsockname 3`, [
    `listen ${tree}/run/**`,
  ]);
  expect(done.lines.at(-1)).toBe("getsockname: a");
  expect(statSync(join(tree, "run/a")).isSocket()).toBe(true);
});

test("a process with another root binds below its own", () => {
  const name = `cofferdam-${process.pid}`;
  mkdirSync(join(tree, "tmp"));
  const done = run(
    `chroot ${tree} ; chdir / ; socket 1 1 0 ; bind $ ${unix(`/tmp/${name}`)} ; getsockname 3`,
    [`listen ${tree}/tmp/*`, "listen /tmp/*"],
  );
  expect(done.lines.at(-1)).toBe(`getsockname: /tmp/${name}`);
  expect(statSync(join(tree, "tmp", name)).isSocket()).toBe(true);
  expect(existsSync(`/tmp/${name}`)).toBe(false);
});

test("a port on every address, and addresses that mean loopback", () => {
  const loopback = { addresses: [address("connect", "udp", 9)] };
  const mapped = (tail: string): string => `#hex=0a00000900000000${tail}00000000`;
  const done = run(
    `socket 2 2 0 ; connect $ ${inet(9, "00000000")} 16 ; socket 10 2 0 ; ` +
      `connect $ ${mapped("00000000000000000000ffff7f000001")} 28 ; ` +
      `connect 4 ${mapped("00000000000000000000ffff08080808")} 28 ; ` +
      `connect 4 ${mapped("00000000000000000000000000000000")} 28 ; ` +
      `sendto 4 x 1 0 ${mapped("00000000000000000000ffff00000000")} 28`,
    [],
    { policy: loopback },
  );
  expect(done.lines.filter((line) => /connect|sendto/.test(line))).toEqual([
    "connect: 0 -",
    "connect: 0 -",
    "connect: -1 EACCES",
    "connect: -1 EACCES",
    "sendto: 1 -",
  ]);
});

test("a datagram to an address of no family goes nowhere, though the kernel would take it", () => {
  const done = run(
    `socket 2 2 0 ; sendto $ hello 5 0 ${inet(9).replace("#hex=02", "#hex=00")} 16 ; ` +
      `socket 10 2 0 ; sendto $ hello 5 0 ${inet(9).replace("#hex=02", "#hex=00")} 16 ; ` +
      "connect 3 #hex=00000000000000000000000000000000 16",
    [],
    { policy: { addresses: [] } },
  );
  expect(done.lines.filter((line) => /connect|sendto/.test(line))).toEqual([
    "sendto: -1 EACCES",
    "sendto: -1 EACCES",
    "connect: 0 -",
  ]);
});

test("peers of unix sockets learn the target's credentials", () => {
  const peers = built.compile("peers");
  const rules = [`listen ${tree}/run/*`, `connect ${tree}/run/*`];
  chmodSync(join(tree, "run"), SHARED_FOLDER);
  chmodSync(tree, PUBLIC_FOLDER);
  const options = { sockets: broker, notify: notified, as: { uid: 33, gid: 33 }, rules };
  const alone = runScene(built, options, [peers, `${tree}/run/a`], tree);
  expect(alone.stderr).toBe("");
  // A connection is the mediator's own act: its process id is a documented difference.
  const rest = [
    "who connected: another process of the same user",
    "who sent: self",
    "sendmmsg: 2 of length 6",
    "descriptors: arrived",
    "who sent them: self",
  ];
  expect(alone.lines).toEqual(["who listens: self", ...rest]);
  const threaded = runScene(built, options, [peers, `${tree}/run/b`, "threads"], tree);
  expect(threaded.lines).toEqual(["who listens: another process of the same user", ...rest]);
});

test("abstract names are bound and connected by name", () => {
  const name = `cofferdam-${process.pid}`;
  const done = run(
    `socket 1 1 0 ; bind $ ${abstract(`${name}-no`)} ; bind 3 ${abstract(name)} ; listen 3 5 ; ` +
      `socket 1 1 0 ; connect 4 ${abstract(name)} ; socket 1 1 0 ; ` +
      `connect 5 ${abstract(`${name}-no`)} ; bind 5 #hex=0100 2`,
    [`listen @${name}`, `connect @${name}`],
  );
  expect(done.lines.filter((line) => /bind|connect/.test(line))).toEqual([
    "bind: -1 EACCES",
    "bind: 0 -",
    "connect: 0 -",
    "connect: -1 EACCES",
    "bind: -1 EACCES",
  ]);
});

test("a path is connected to the socket it leads to, if that is granted", () => {
  const done = run(
    `socket 1 1 0 ; bind $ ${unix("run/a")} ; listen 3 5 ; socket 1 1 0 ; ` +
      `bind 4 ${unix("run/b")} ; listen 4 5 ; symlinkat b @AT_FDCWD run/link ; ` +
      `socket 1 1 0 ; connect $ ${unix("run/a")} ; socket 1 1 0 ; connect $ ${unix("run/b")} ; ` +
      `connect 6 ${unix("run/link")} ; connect 6 ${unix("run/none")}`,
    [
      `listen ${tree}/run/*`,
      `rwcd ${tree}/run/*`,
      `connect ${tree}/run/a`,
      `connect ${tree}/run/link`,
    ],
  );
  expect(done.lines.filter((line) => line.startsWith("connect"))).toEqual([
    "connect: 0 -",
    "connect: -1 EACCES",
    "connect: -1 EACCES",
    "connect: -1 ENOENT",
  ]);
});

test("TCP and UDP by address and port, on the target's own socket", async () => {
  const server = createServer((socket) => socket.end());
  const port = await listening(server);
  try {
    const child = run(
      `socket 2 1 0 ; connect $ ${inet(port + 1)} 16 ; ` +
        `connect 3 ${inet(port, "08080808")} 16 ; connect 3 ${inet(port)} 16 ; socket 2 2 0 ; ` +
        `connect $ ${inet(port)} 16 ; connect 4 ${inet(port + 1)} 16 ; ` +
        `socket 2 2 0 ; sendto $ hello 5 0 ${inet(port)} 16 ; ` +
        `sendto 5 hello 5 0 ${inet(port + 1)} 16 ; ` +
        `sendto 5 hello 5 0x20000000 ${inet(port)} 16 ; ` +
        `socket 2 2 0 ; bind $ ${inet(port)} 16 ; bind 6 ${inet(port + 1)} 16 ; socket 2 1 0 ; ` +
        "listen 7 5",
      [],
      {
        policy: {
          addresses: [
            address("connect", "tcp", port),
            address("connect", "udp", port),
            address("listen", "udp", port),
          ],
        },
      },
    );
    expect(child.lines.filter((line) => /connect|sendto|bind|listen/.test(line))).toEqual([
      "connect: -1 EACCES",
      "connect: -1 EACCES",
      "connect: 0 -",
      "connect: 0 -",
      "connect: -1 EACCES",
      "sendto: 5 -",
      "sendto: -1 EACCES",
      "sendto: -1 EPERM",
      "bind: 0 -",
      "bind: -1 EACCES",
      "listen: -1 EACCES",
    ]);
  } finally {
    server.close();
  }
});

test("mounts of its own keep a process from paths, and from no other address", async () => {
  const server = createServer((socket) => socket.end());
  const port = await listening(server);
  const own = 0x20000; // CLONE_NEWNS
  const name = `own-mounts-${process.pid}`;
  try {
    const done = run(
      `unshare ${own} ; socket 2 1 0 ; connect $ ${inet(port)} 16 ; socket 2 2 0 ; ` +
        `bind $ ${inet(port)} 16 ; bind 4 ${inet(port + 1)} 16 ; socket 1 1 0 ; ` +
        `bind $ ${unix(`${tree}/run/a`)} ; connect 5 ${unix(`${tree}/run/a`)} ; ` +
        `bind 5 ${abstract(name)} ; socket 1 1 0 ; connect $ ${abstract(name)}`,
      [
        ...[`listen ${tree}/run/*`, `connect ${tree}/run/*`, `rwcd ${tree}/run/*`],
        ...[`listen @${name}`, `connect @${name}`],
      ],
      { policy: { addresses: [address("connect", "tcp", port), address("listen", "udp", port)] } },
    );
    expect(done.lines.filter((line) => /unshare|connect|bind/.test(line))).toEqual([
      "unshare: 0 -",
      "connect: 0 -",
      "bind: 0 -",
      "bind: -1 EACCES",
      "bind: -1 EPERM",
      "connect: -1 EPERM",
      "bind: 0 -",
      // No process listens there.
      "connect: -1 ECONNREFUSED",
    ]);
  } finally {
    server.close();
  }
});

test("a slow TCP connection delays no other call, and its error arrives", () => {
  // Nobody listens on port 1: the kernel answers at once, by way of a connection begun without
  // waiting.
  const done = run(
    `socket 2 1 0 ; connect $ ${inet(1)} 16 ; socket 2 1 0 ; fcntl 4 4 0x800 ; ` +
      `connect 4 ${inet(1)} 16`,
    [],
    {
      policy: { addresses: [address("connect", "tcp", 1)] },
    },
  );
  expect(done.lines.filter((line) => line.startsWith("connect"))).toEqual([
    "connect: -1 ECONNREFUSED",
    "connect: -1 EINPROGRESS",
  ]);
});

/**
 * Listens on a TCP port whose UDP twin is free too: below ip_local_port_range, from which the
 * kernel gives ports to every process that asks for none (ip(7)).
 */
async function listening(server: Server): Promise<number> {
  for (let port = FIRST_PORT; port < FIRST_PORT + PORTS_TRIED; port += 1) {
    if (await listensOn(server, port)) return port;
  }
  throw new Error(`none of ${PORTS_TRIED} ports from ${FIRST_PORT} is free`);
}

function listensOn(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error),
    );
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
}
