import { rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PERMISSION_BITS, PRIVATE_FILE } from "../../src/base/modes.ts";
import type { Monitor } from "../../src/machines/description.ts";
import { type Machine, writeMachine, writePolicy } from "../../src/machines/machine.ts";
import { nothing } from "../../src/machines/place.ts";
import { serveMonitor } from "../../src/machines/proxy/serve.ts";
import { scratchPlaces } from "../agent/scratch-places.ts";
import { root } from "../house/tree.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder: string;
let emulator: Socket;
let proxied: Socket;
let stop: () => void;
beforeEach(async () => {
  folder = scratchFolder("proxy");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(folder, "emulator"), resolve));
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  emulator = connect(join(folder, "emulator"));
  proxied = await accepted;
  emulator.on("error", () => emulator.destroy());
  stop = () => server.close();
});
afterEach(() => {
  emulator.destroy();
  proxied.destroy();
  stop();
  rmSync(folder, { recursive: true, force: true });
});

const machine = { name: "one", placed: nothing } as unknown as Machine;
const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
const serve = (path: string) =>
  serveMonitor({
    places: scratchPlaces(folder, root),
    machine,
    monitors: [{ path } as Monitor],
    owner,
    emulator: proxied,
  });

/** What a client receives until a line with `word`, or until it is disconnected. */
function talk(path: string, said: string, word: string): Promise<string> {
  return new Promise((resolve) => {
    const client = connect(path);
    let text = "";
    client.on("data", (data) => {
      text += data;
      if (text.includes(word)) client.end();
    });
    client.on("error", () => client.destroy());
    client.once("close", () => resolve(text));
    client.write(said);
  });
}

test("its socket is the owner's alone from the first moment on", async () => {
  const path = join(folder, "qmp");
  await serve(path);
  expect(statSync(path).mode & PERMISSION_BITS).toBe(PRIVATE_FILE);
});

test("a socket that cannot be served is an error, not the end of the process", async () => {
  await expect(serve(join(folder, "missing", "qmp"))).rejects.toThrow("QMP cannot be served at");
});

test("a link in the socket's place gives nothing away", async () => {
  const path = join(folder, "qmp");
  const victim = join(folder, "victim");
  writeFileSync(victim, "");
  symlinkSync(victim, path);
  await expect(serve(path)).rejects.toThrow("QMP cannot be served at");
});

test("a malformed or too deep command ends only its sender's connection", async () => {
  const path = join(folder, "qmp");
  await serve(path);
  expect(await talk(path, '{"execute":{"toString":0}}\n', "GenericError")).toContain(
    "a command says what is to be executed",
  );
  const deep = `{"execute":"x","arguments":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}\n`;
  expect(await talk(path, deep, "never")).toBe("");
  const text = "[".repeat(1_000);
  expect(
    await talk(path, `{"execute":"qmp_capabilities","id":"\\"${text}"}\n`, "return"),
  ).toContain(text);
  expect(await talk(path, '{"execute":"qmp_capabilities"}\n', "return")).toContain("return");
  const gone = new Promise((resolve) => emulator.once("close", resolve));
  emulator.write(`{"event":"X","data":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}\n`);
  await gone;
});

test("a client that sends too much is disconnected; other clients' commands are kept", async () => {
  const path = join(folder, "qmp");
  await serve(path);
  emulator.resume();
  expect(await talk(path, '{"execute":"query-status"}\n'.repeat(20_000), "never")).toBe("");
  expect(await talk(path, '{"execute":"qmp_capabilities"}\n', "return")).toContain("return");
  const gone = new Promise((resolve) => emulator.once("close", resolve));
  // An agent that does not answer: nothing can be taken away before it has.
  const places = scratchPlaces(folder, root);
  const origin = { argument: 0, text: "", offset: null, piece: "device x" };
  const placed = {
    resources: [{ kind: "tap", interface: "t", origin } as const],
    ...{ names: {}, parents: {} },
  };
  const record = { name: "one", program: "/bin/true", args: [], folder, user: null, pid: 0 };
  writeMachine(places.system.machines, { ...record, placed: { ...placed, ownAddresses: [] } });
  writePolicy(places.system.machines, "one", "");
  const agent = createServer();
  await new Promise<void>((resolve) => agent.listen(places.system.control, resolve));
  emulator.write('{"event":"DEVICE_DELETED","data":{"device":"x"}}\n'.repeat(20_000));
  await gone;
  agent.close();
});
