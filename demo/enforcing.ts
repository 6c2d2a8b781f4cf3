import { type Daemon, startDaemon } from "./daemon.ts";
import { showEvent } from "./events.ts";
import { type Demonstration, demonstrations } from "./requests.ts";
import type { Scene } from "./scene.ts";
import { expectThat, indented, outcome, typed } from "./stage.ts";

/**
 * Sealed when it starts: the kernel itself decides. `domain`: as `run` is told of it, and as it is
 * shown. `silence`: why the kernel's refusals become no events here; null where they do.
 */
export async function enforcing(
  scene: Scene,
  cofferdam: string,
  domain: { readonly words: readonly string[]; readonly shown: string },
  silence: string | null,
): Promise<void> {
  typed(`cofferdam run ${domain.shown} -- node demo/server.mjs ...`);
  console.log("");
  const run = [cofferdam, "run", "--events", scene.events, ...domain.words, "--", ...scene.server];
  const daemon = await startDaemon(run, scene.port, scene.log);
  try {
    for (const demonstration of demonstrations(scene))
      await request(scene, daemon, demonstration, silence);
  } finally {
    const ended = await daemon.stop();
    expectThat(
      ended === "status 0",
      `the confined server should have ended with status 0, not with ${ended}`,
    );
  }
}

async function request(
  scene: Scene,
  daemon: Daemon,
  demonstration: Demonstration,
  silence: string | null,
): Promise<void> {
  const answer = await daemon.ask(demonstration.request);
  outcome(demonstration, answer);
  expectThat(
    demonstration.worked(answer) !== demonstration.hostile,
    `in its domain, "${demonstration.title}" should have ` +
      `${demonstration.hostile ? "failed" : "worked"}`,
  );
  if (demonstration.refusal === null) return;
  if (demonstration.refusal.seenBy === "kernel" && silence !== null)
    indented(`refused by the kernel, ${silence}: no event`);
  else await showEvent(scene.events, demonstration, "denied");
}
