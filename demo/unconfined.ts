import { rmSync } from "node:fs";
import { startDaemon } from "./daemon.ts";
import { demonstrations } from "./requests.ts";
import type { Scene } from "./scene.ts";
import { expectThat, outcome, say, title } from "./stage.ts";

/** The server as it is: whatever it is told, it does. */
export async function unconfined(scene: Scene): Promise<void> {
  title("Unconfined");
  const daemon = await startDaemon(scene.server, scene.port, scene.log);
  try {
    for (const demonstration of demonstrations(scene)) {
      const answer = await daemon.ask(demonstration.request);
      outcome(demonstration, answer);
      expectThat(
        demonstration.worked(answer),
        `unconfined, "${demonstration.title}" should have worked`,
      );
    }
  } finally {
    await daemon.stop();
  }
  for (const file of [scene.planted, scene.pid]) rmSync(file);
  console.log("");
  say("The secret is out, a file is planted, and a stranger ran a shell.");
}
