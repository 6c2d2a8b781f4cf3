import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SHARED_FILE } from "../../src/base/modes.ts";
import { compileC } from "../support/compile-c.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";
import { machineMissing } from "../vm/machine.ts";
import { Powered } from "./guest.ts";

const TIMEOUT_MS = 120_000;
const missing = process.getuid?.() === 0 ? machineMissing() : null;
const users = { nobody: 65_534, root: 0 } as const;

/**
 * What is tried, and the object that the refusal's event names; with `as`, what only that user can
 * do outside.
 */
const attacks: Readonly<Record<string, { readonly object: RegExp; readonly as?: "root" }>> = {
  configuration: { object: /daemon\.conf$/ },
  "daemon-signal": { object: /process/ },
  ticket: { object: /tickets\/forged$/ },
  "temp-file": { object: /spool\/report$/ },
  "daemon-socket": { object: /daemon\.sock$/ },
  "daemon-port": { object: /TCP socket/ },
  vsock: { object: /vsock/ },
  "device-ioctl": { object: /\/dev\/ptmx$/ },
  "other-disk-read": { object: /other\.img$/ },
  "other-disk-write": { object: /other\.img$/ },
  "other-socket": { object: /other\.sock$/ },
  "other-shared-memory": { object: /\/dev\/shm\// },
  "other-signal": { object: /process/ },
  "other-trace": { object: /ptrace|process/ },
  "other-memory": { object: /\/proc\/\d+\/mem$/ },
  "other-vm-read": { object: /process|process_vm_readv/ },
  "parent-write": { object: /parent\.img$/ },
  "beside-parent": { object: /beside\.img$/ },
  programs: { object: /true$/ },
  interface: { object: /\/dev\/net\/tun\/cfd/, as: "root" },
  "own-policy": { object: /vm@attacker\.yaml$/, as: "root" },
  "own-record": { object: /attacker\.json$/, as: "root" },
  control: { object: /control\.sock$/, as: "root" },
};

/** Two machines of one user, and a daemon of the same user beside them. */
class Scene {
  readonly folder: string;
  readonly #host: PrivateHost;
  readonly #user: keyof typeof users;
  readonly #memory: string;
  readonly #interfaces: readonly string[];
  #other: Powered | null = null;
  #daemon: ChildProcess | null = null;
  #servers: Server[] = [];
  #settings: Readonly<Record<string, string>> = {};

  constructor(host: PrivateHost, user: keyof typeof users) {
    this.#host = host;
    this.#user = user;
    this.folder = host.at(user);
    this.#memory = `/dev/shm/cofferdam-${process.pid}-${user}`;
    this.#interfaces =
      user === "root" ? [`cfdown${process.pid % 1e6}`, `cfdoth${process.pid % 1e6}`] : [];
  }

  async start(): Promise<void> {
    for (const name of ["", "tickets", "spool", "parents"])
      mkdirSync(join(this.folder, name), { recursive: true });
    for (const name of ["daemon.conf", "parents/parent.img", "parents/beside.img", "other.img"])
      writeFileSync(join(this.folder, name), "x".repeat(65_536));
    const clone = [
      "create",
      "-q",
      "-f",
      "qcow2",
      "-F",
      "raw",
      "-b",
      this.at("parents/parent.img"),
      this.at("own.qcow2"),
    ];
    execFileSync("qemu-img", clone);
    execFileSync("chown", ["-R", this.#user, this.folder]);
    for (const name of this.#interfaces)
      execFileSync("ip", ["tuntap", "add", "dev", name, "mode", "tap"]);
    this.#daemon = spawn("setpriv", [...this.#credentials, "sleep", "1000"]);
    const port = await this.#listen(0);
    await this.#listen(this.at("daemon.sock"));
    chmodSync(this.at("daemon.sock"), SHARED_FILE);
    const other = await this.#startOther();
    this.#settings = {
      CONFIGURATION: this.at("daemon.conf"),
      TICKET: this.at("tickets/forged"),
      TEMP: this.at("spool/report"),
      DAEMON: String(this.#daemon.pid),
      DAEMON_SOCKET: this.at("daemon.sock"),
      DAEMON_PORT: port,
      OTHER_DISK: this.at("other.img"),
      OTHER_SOCKET: this.at("other.sock"),
      OTHER_MEMORY: this.#memory,
      OTHER: String(other),
      OTHER_ADDRESS: `0x${readFileSync(`/proc/${other}/maps`, "latin1").split("-")[0]}`,
      PARENT: this.at("parents/parent.img"),
      BESIDE_PARENT: this.at("parents/beside.img"),
      PROGRAM: "/usr/bin/true",
      POLICY: "/run/cofferdam/machines/vm@attacker.yaml",
      RECORD: "/var/lib/cofferdam/machines/attacker.json",
      CONTROL: "/run/cofferdam/control.sock",
      ...(this.#interfaces.length > 0 && {
        OWN_INTERFACE: this.#interfaces[0],
        INTERFACE: this.#interfaces[1],
      }),
    };
  }

  get #credentials(): readonly string[] {
    return [
      "--reuid",
      String(users[this.#user]),
      "--regid",
      String(users[this.#user]),
      "--clear-groups",
    ];
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  /**
   * A machine that stands still: the emulator has opened all that it names. Returns its process id.
   */
  async #startOther(): Promise<number> {
    const memory = `memory-backend-file,id=m,mem-path=${this.#memory},size=64M,share=on`;
    const line =
      "qemu-system-x86_64 -nodefaults -display none -S -machine " +
      `pc,accel=tcg,memory-backend=m -m 64 -object ${memory} -drive ` +
      `file=${this.at("other.img")},format=raw -chardev ` +
      `socket,id=s,path=${this.at("other.sock")},server=on,wait=off -serial chardev:s -monitor ` +
      "stdio";
    this.#other = Powered.run(this.#host, "other", line.split(" "), this.#user);
    await this.#other.until(/\(qemu\)/);
    return JSON.parse(this.#host.cofferdam("vm", "list", "--json"))[0].pid;
  }

  #listen(place: string | number): Promise<string> {
    const server = createServer((socket) => socket.destroy());
    this.#servers.push(server);
    return new Promise((resolve) =>
      server.listen(
        typeof place === "number" ? { port: place, host: "127.0.0.1" } : { path: place },
        () => {
          const address = server.address();
          resolve(typeof address === "object" ? String(address?.port) : place.toString());
        },
      ),
    );
  }

  /**
   * The attacker's command line, as of an emulator with a linked clone, one interface, and what is
   * tried as its name.
   */
  line(names: readonly string[]): readonly string[] {
    const settings = Object.entries(this.#settings).map(([key, value]) => `${key}=${value}`);
    const [own] = this.#interfaces;
    const network =
      own === undefined ? [] : ["-netdev", `tap,id=n,ifname=${own},script=no,downscript=no`];
    const disk = ["-nodefaults", "-drive", `file=${this.at("own.qcow2")},format=qcow2`];
    return [
      this.#host.at("attacks"),
      "-name",
      names.join("+"),
      "-append",
      settings.join(" "),
      ...disk,
      ...network,
    ];
  }

  /** Each attack's line, outside every domain. The policy and record are there then as well. */
  bare(names: readonly string[]): ReadonlyMap<string, string> {
    for (const file of ["run/machines/vm@attacker.yaml", "lib/machines/attacker.json"])
      writeFileSync(this.#host.at(file), "x");
    const as = ["setpriv", ...this.#credentials];
    const [program = "", ...args] = [...this.#host.inside, ...as, ...this.line(names)];
    const { stdout } = spawnSync(program, args, { encoding: "utf8" });
    for (const name of ["tickets/forged", "spool/report"]) rmSync(this.at(name), { force: true });
    rmSync(this.#host.at("run/machines/vm@attacker.yaml"));
    rmSync(this.#host.at("lib/machines/attacker.json"));
    return outcomes(stdout);
  }

  async confined(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const machine = Powered.run(this.#host, "attacker", this.line(names), this.#user);
    await machine.ended;
    const found = outcomes(machine.text);
    if (found.size === 0) throw new Error(`the attacker said nothing:\n${machine.text}`);
    return found;
  }

  async end(): Promise<void> {
    for (const server of this.#servers) server.close();
    this.#daemon?.kill("SIGKILL");
    await this.#other?.off();
    rmSync(this.#memory, { force: true });
    for (const name of this.#interfaces)
      spawnSync("ip", ["tuntap", "del", "dev", name, "mode", "tap"]);
  }
}

function outcomes(text: string): ReadonlyMap<string, string> {
  const lines = [...text.matchAll(/^([a-z-]+): ((?:succeeded|refused|cannot try):.*)$/gm)];
  return new Map(lines.map(([, name = "", outcome = ""]) => [name, outcome]));
}

let host: PrivateHost;
beforeEach((context) => {
  needsRoot(context);
  skipUnless(context, missing === null, missing ?? "");
});
beforeAll(async () => {
  if (process.getuid?.() !== 0 || missing !== null) return;
  host = await PrivateHost.start();
  const source = join(import.meta.dirname, "attacks.c");
  compileC(host.at("attacks"), source, ["-O1", "-Wall", "-Werror", "-pthread"]);
  await host.agent();
}, TIMEOUT_MS);
afterAll(() => host?.close(), TIMEOUT_MS);

describe.each(["nobody", "root"] as const)("an attacker in the place of %s's emulator", (user) => {
  const names = Object.keys(attacks).filter(
    (name) => attacks[name]?.as === undefined || attacks[name].as === user,
  );
  let scene: Scene;
  let bare: ReadonlyMap<string, string>;
  let confined: ReadonlyMap<string, string>;
  beforeAll(async () => {
    if (process.getuid?.() !== 0 || missing !== null) return;
    scene = new Scene(host, user);
    await scene.start();
    bare = scene.bare(names);
    confined = await scene.confined([...names, ...(user === "root" ? ["own-interface"] : [])]);
  }, TIMEOUT_MS);
  afterAll(() => scene?.end(), TIMEOUT_MS);

  test.each(names)(
    "%s succeeds outside, is refused in the machine's domain, and is logged",
    (name) => {
      expect(bare.get(name)).toMatch(/^succeeded/);
      expect(confined.get(name)).toMatch(/^refused/);
      const told = host
        .events()
        .filter(({ domain, verdict }) => domain === "vm@attacker" && verdict === "denied");
      expect(told.map(({ operation, object }) => `${operation} ${object}`)).toContainEqual(
        expect.stringMatching(attacks[name]?.object ?? /^$/),
      );
    },
  );

  if (user === "root")
    test("its own interface it may attach to", () => {
      expect(confined.get("own-interface")).toMatch(/^succeeded/);
    });
});
