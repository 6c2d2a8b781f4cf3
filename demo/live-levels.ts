import { rmSync } from "node:fs";
import { order, startAgent } from "./agent.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { showEvent } from "./events.ts";
import { type Demonstration, demonstrations } from "./requests.ts";
import { hostLog, type Scene } from "./scene.ts";
import { expectThat, outcome, say, title, typed } from "./stage.ts";

/**
 * One process from beginning to end: warned about, then held, then warned about again, as the
 * host's agent says.
 */
export async function liveLevels(scene: Scene, cofferdam: string): Promise<void> {
  title("In its domain, at level warning");
  await startAgent(cofferdam, scene.agentLog);
  order(cofferdam, "domain", "level", "web", "warning");
  typed("cofferdam run web -- node demo/server.mjs ...");
  console.log("");
  const daemon = await startDaemon(
    [cofferdam, "run", "web", "--", ...scene.server],
    scene.port,
    scene.log,
  );
  try {
    await warned(scene, daemon);
    await held(scene, daemon, cofferdam);
    await warnedAgain(scene, daemon, cofferdam);
  } finally {
    await daemon.stop();
  }
}

async function warned(scene: Scene, daemon: Daemon): Promise<void> {
  for (const demonstration of demonstrations(scene)) {
    const answer = await daemon.ask(demonstration.request);
    outcome(demonstration, answer);
    expectThat(
      demonstration.worked(answer),
      `at level warning, "${demonstration.title}" should have worked`,
    );
    if (demonstration.hostile) await showEvent(hostLog, demonstration, "warning");
  }
  rmSync(scene.planted);
  console.log("");
  say("All goes on as before, and what is outside the domain is on record.");
}

async function held(scene: Scene, daemon: Daemon, cofferdam: string): Promise<void> {
  title("Switched to enforcing, while it runs");
  order(cofferdam, "domain", "level", "web", "enforcing");
  console.log("");
  for (const demonstration of demonstrations(scene)) {
    const answer = await daemon.ask(demonstration.request);
    outcome(demonstration, answer);
    expectThat(
      demonstration.worked(answer) !== demonstration.hostile,
      `switched to enforcing, "${demonstration.title}" should have ` +
        `${demonstration.hostile ? "failed" : "worked"}`,
    );
    if (demonstration.hostile) await showEvent(hostLog, demonstration, "denied");
  }
  console.log("");
  await sameProcess(daemon);
}

async function warnedAgain(scene: Scene, daemon: Daemon, cofferdam: string): Promise<void> {
  title("And back");
  order(cofferdam, "domain", "level", "web", "warning");
  console.log("");
  for (const demonstration of demonstrations(scene).filter(isTheft)) {
    const answer = await daemon.ask(demonstration.request);
    outcome(demonstration, answer);
    expectThat(
      demonstration.worked(answer),
      `back at warning, "${demonstration.title}" should have worked`,
    );
  }
  console.log("");
  await sameProcess(daemon);
}

function isTheft({ refusal }: Demonstration): boolean {
  return refusal?.operation === "read";
}

/** The server itself says which process it is. */
async function sameProcess(daemon: Daemon): Promise<void> {
  const answer = await daemon.ask("/pid");
  expectThat(
    answer === `${daemon.pid}\n`,
    `process ${daemon.pid} should have answered, not ${answer.trim()}`,
  );
  say(`Still process ${answer.trim()}: no restart, no request lost.`);
}
