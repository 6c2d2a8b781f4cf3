import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { linkAgent, sweepAgentLinks } from "../../src/sessions/agent-link.ts";
import { scratchFolder } from "../support/scratch.ts";
import { said } from "./session-host.ts";

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = scratchFolder("ssh");
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

const agents = (): string => join(folder, "agents");

/** Listens at a socket, and has a child: as sshd for its client. */
async function serve(path: string): Promise<number> {
  const script =
    "import socket,subprocess,sys; s=socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); " +
    "s.listen(); c=subprocess.Popen(['sleep','60']); print(c.pid, 'listens', flush=True); " +
    "c.wait()";
  const child = spawn("python3", ["-c", script, path], { detached: true });
  children.push(child);
  let words = "";
  child.stdout?.on("data", (text) => {
    words += text;
  });
  await said(child, "listens");
  const client = Number.parseInt(words, 10);
  children.push({ kill: () => process.kill(client, "SIGKILL") } as unknown as ChildProcess);
  return client;
}

test("an agent of the client's parent gets a name; another user's does not", async () => {
  const socket = join(folder, "agent.1");
  const client = await serve(socket);
  const own = linkAgent(agents(), "ada", client, socket);
  expect(own?.path).toBe(join(agents(), "ada", "0.sock"));
  expect(linkAgent(agents(), "ada", process.pid, socket)).toBeNull();
  symlinkSync(socket, join(folder, "link"));
  symlinkSync(folder, join(folder, "way"));
  for (const path of [
    join(folder, "link"),
    join(folder, "way", "agent.1"),
    "/tmp/../run/x",
    "/proc/self/fd/0",
    "x",
  ])
    expect(linkAgent(agents(), "ada", client, path), path).toBeNull();
  own?.remove();
  expect(readdirSync(join(agents(), "ada"))).toEqual([]);
});

test("a new server removes dead names, and keeps those of older shells", async () => {
  const socket = join(folder, "agent.2");
  const client = await serve(socket);
  const live = linkAgent(agents(), "ada", client, socket);
  symlinkSync(join(folder, "gone"), join(agents(), "ada", "1.sock"));
  sweepAgentLinks(agents());
  expect(readdirSync(join(agents(), "ada"))).toEqual(["0.sock"]);
  // Given away again: not the older one's to take.
  rmSync(live?.path ?? "");
  symlinkSync("/tmp/other", live?.path ?? "");
  live?.remove();
  expect(existsSync(agents()) && readdirSync(join(agents(), "ada"))).toEqual(["0.sock"]);
});
