import { readFileSync, rmSync } from "node:fs";
import { startDaemon } from "./daemon.ts";
import { type Demonstration, demonstrations } from "./requests.ts";
import type { Scene } from "./scene.ts";
import { expectThat, outcome, say, title, typed } from "./stage.ts";

/** Level warning for one run, without any agent: what would have been denied is summed up at the end. */
export async function atWarning(scene: Scene, cofferdam: string): Promise<void> {
  title("In its domain, at level warning");
  typed("cofferdam run --level warning --policy demo/web.yaml -- node ...");
  console.log("");
  const run = [cofferdam, "run", "--level", "warning", "--policy", scene.policy, "--", ...scene.server];
  const daemon = await startDaemon(run, scene.port, scene.log);
  let ended = "";
  try {
    for (const demonstration of demonstrations(scene)) {
      const answer = await daemon.ask(demonstration.request);
      outcome(demonstration, answer);
      expectThat(demonstration.worked(answer), `at level warning, "${demonstration.title}" should have worked`);
    }
  } finally {
    ended = await daemon.stop();
  }
  expectThat(ended === "status 0", `the server at level warning should have ended with status 0, not with ${ended}`);
  rmSync(scene.planted);
  console.log("");
  say("All goes on as before. The run ends with what would have been denied:");
  console.log("");
  showSummary(readFileSync(scene.log, "utf8"), demonstrations(scene));
}

/** The accesses of the three attacks with their lines, and the last line; the shell that was run looked at more. */
function showSummary(text: string, all: readonly Demonstration[]): void {
  const entries = text.trimEnd().split(/\n(?! )/);
  const last = entries.pop() ?? "";
  const wanted = all.filter(({ hostile }) => hostile);
  const shown = wanted.flatMap((one) => {
    const entry = entries.find((lines) => tellsOf(one, lines.replaceAll(/\n +/g, " ")));
    expectThat(entry !== undefined, `the summary should tell of "${one.title}"`);
    return entry ?? [];
  });
  expectThat(last.includes("lines would allow them"), "the run at level warning should end with a summary");
  if (entries.length > shown.length) shown.push(`... and ${entries.length - shown.length} more`);
  // As wide as the run made them.
  console.log([...shown, last].join("\n"));
}

function tellsOf({ refusal }: Demonstration, entry: string): boolean {
  const [, object = ""] = new RegExp(`: ${refusal?.operation} (\\S+): warning: .* allow it with: `).exec(entry) ?? [];
  return refusal?.object.test(object) === true;
}
