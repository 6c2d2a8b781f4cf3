import { readFileSync, rmSync } from "node:fs";
import { startDaemon } from "./daemon.ts";
import { type Demonstration, demonstrations } from "./requests.ts";
import type { Scene } from "./scene.ts";
import { expectThat, outcome, say, title, typed } from "./stage.ts";

/**
 * Level warning for one run, without any agent: what would have been denied is summed up at the
 * end.
 */
export async function atWarning(scene: Scene, cofferdam: string): Promise<void> {
  title("In its domain, at level warning");
  typed("cofferdam run --level warning --policy demo/web.yaml -- node ...");
  console.log("");
  const run = [
    cofferdam,
    "run",
    "--level",
    "warning",
    "--policy",
    scene.policy,
    "--",
    ...scene.server,
  ];
  const daemon = await startDaemon(run, scene.port, scene.log);
  let ended = "";
  try {
    for (const demonstration of demonstrations(scene)) {
      const answer = await daemon.ask(demonstration.request);
      outcome(demonstration, answer);
      expectThat(
        demonstration.worked(answer),
        `at level warning, "${demonstration.title}" should have worked`,
      );
    }
  } finally {
    ended = await daemon.stop();
  }
  expectThat(
    ended === "status 0",
    `the server at level warning should have ended with status 0, not with ${ended}`,
  );
  rmSync(scene.planted);
  console.log("");
  say("All goes on as before. The run ends with what would have been denied:");
  console.log("");
  showSummary(readFileSync(scene.log, "utf8"), demonstrations(scene));
}

/** Of a log that is not as it should be. */
const SHOWN_LINES = 10;

function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-SHOWN_LINES).join("\n");
}

/**
 * Of the accesses and of the lines that would allow them those of the three attacks: the shell that
 * was run looked at more.
 */
function showSummary(text: string, all: readonly Demonstration[]): void {
  const [accesses = "", verdict, lines = ""] = text.split(
    /^(cofferdam: web: \d+ accesses .*\n.* would allow .*)\n/m,
  );
  expectThat(
    verdict !== undefined,
    `the run at level warning should end with a summary, not with:\n${lastLines(text)}`,
  );
  if (verdict === undefined) return;
  const wanted = all.filter(({ hostile }) => hostile);
  const told = chosen(accesses.trimEnd().split(/\n(?! )/), wanted, (entry) =>
    / (\w+) (\S+): warning:/.exec(entry.replaceAll(/\n +/g, " "))?.slice(1),
  );
  const allowing = chosen(
    lines
      .trimEnd()
      .split("\n")
      .filter((line) => line.startsWith("  - ")),
    wanted,
    (line) => {
      const [, letters = "", object = ""] = / {2}- (\w+) (.*)/.exec(line) ?? [];
      return [operations[letters] ?? letters, object];
    },
  );
  // As wide as the run made them.
  console.log([...told, verdict, "files:", ...allowing].join("\n"));
}

const operations: Readonly<Record<string, string>> = { r: "read", c: "create", rx: "execute" };

/** Those that are about one of the attacks, and how many others there are. */
function chosen(
  entries: readonly string[],
  wanted: readonly Demonstration[],
  about: (entry: string) => readonly string[] | undefined,
): readonly string[] {
  const shown = wanted.flatMap(({ title, refusal }) => {
    const entry = entries.find((one) => {
      const [operation, object = ""] = about(one) ?? [];
      return operation === refusal?.operation && refusal?.object.test(object);
    });
    expectThat(entry !== undefined, `the summary should tell of "${title}", and how to allow it`);
    return entry ?? [];
  });
  return entries.length === shown.length
    ? shown
    : [...shown, `  ... and ${entries.length - shown.length} more`];
}
