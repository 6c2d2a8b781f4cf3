/**
 * `npm run demo`: the same requests to the same vulnerable server, first as it is, then in its domain.
 * Exit status 0 only if everything came out as it should.
 */
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { renderEvent } from "../src/events/render.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { eventOf } from "./events.ts";
import { kernelSilence } from "./kernel-silence.ts";
import { type Demonstration, demonstrations } from "./requests.ts";
import { makeScene, type Scene } from "./scene.ts";

/** Columns of everything the demonstration prints. */
const WIDTH = 80;

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const cofferdam = join(home, "bin", "cofferdam");
const silence = kernelSilence(cofferdam);
const color = process.stdout.isTTY === true && !process.env.NO_COLOR;

/** What did not come out as it should. */
const wrong: string[] = [];

function expectThat(holds: boolean, otherwise: string): void {
  if (!holds) wrong.push(otherwise);
}

function title(text: string): void {
  console.log(`\n${text}\n${"-".repeat(text.length)}`);
}

function outcome(demonstration: Demonstration, answer: string): void {
  const first = answer.trimEnd().split("\n").at(-1) ?? "";
  console.log(`  ${demonstration.title.padEnd(34)} ${first.slice(0, WIDTH - 37)}`);
}

async function unconfined(scene: Scene, server: readonly string[]): Promise<void> {
  title("Unconfined");
  const daemon = await startDaemon(server, scene.port, scene.log);
  try {
    for (const demonstration of demonstrations(scene)) {
      const answer = await daemon.ask(demonstration.request);
      outcome(demonstration, answer);
      expectThat(demonstration.worked(answer), `unconfined, "${demonstration.title}" should have worked`);
    }
  } finally {
    await daemon.stop();
  }
  for (const file of [scene.planted, scene.pid]) rmSync(file);
  console.log("\n  The secret is out, a file is planted, and a stranger ran a shell.");
}

async function inItsDomain(scene: Scene, server: readonly string[]): Promise<void> {
  title("In its domain");
  const settings = { node: server[0], server: server[1], site: scene.site, port: scene.port, pid: scene.pid };
  const sets = Object.entries(settings).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
  const policy = join(home, "demo", "web.yaml");
  console.log("  cofferdam run --policy demo/web.yaml -- node demo/server.mjs ...\n");
  const command = [cofferdam, "run", "--events", scene.events, ...sets, "--policy", policy, "--"];
  const daemon = await startDaemon([...command, ...server], scene.port, scene.log);
  try {
    for (const demonstration of demonstrations(scene)) await confinedRequest(scene, daemon, demonstration);
  } finally {
    const ended = await daemon.stop();
    expectThat(ended === "status 0", `the confined server should have ended with status 0, not with ${ended}`);
  }
}

async function confinedRequest(scene: Scene, daemon: Daemon, demonstration: Demonstration): Promise<void> {
  const answer = await daemon.ask(demonstration.request);
  outcome(demonstration, answer);
  const should = demonstration.hostile ? "have failed" : "have worked";
  expectThat(
    demonstration.worked(answer) !== demonstration.hostile,
    `in its domain, "${demonstration.title}" should ${should}`,
  );
  if (demonstration.refusal === null) return;
  if (demonstration.refusal.seenBy === "kernel" && silence !== null) {
    console.log(`    refused by the kernel, ${silence}: no event`);
    return;
  }
  const event = await eventOf(scene.events, demonstration);
  expectThat(event !== null, `no event told of "${demonstration.title}"`);
  if (event === null) return;
  expectThat(
    event.process.pid > 0 && event.domain === "web" && event.allow !== null,
    `the event of "${demonstration.title}" is not complete`,
  );
  const text = renderEvent(event, { width: WIDTH - 4, color });
  console.log(text.trimEnd().replaceAll(/^/gm, "    "));
}

console.log("A web server with three holes: it reads, writes and runs whatever it is told.");
const scene = await makeScene();
try {
  const server = [process.execPath, join(home, "demo", "server.mjs"), scene.site, String(scene.port), scene.pid];
  await unconfined(scene, server);
  await inItsDomain(scene, server);
} catch (error) {
  if (!(error instanceof Error)) throw error;
  wrong.push(error.message);
} finally {
  scene.remove();
}

title(wrong.length === 0 ? "As it should be" : "Not as it should be");
if (wrong.length === 0) {
  console.log("  The same server, the same holes: outside its domain there is nothing to reach.");
  if (silence !== null) console.log("  The kernel's own refusals are not shown here: see cofferdam doctor.");
}
for (const line of wrong) console.log(`  ${line}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
