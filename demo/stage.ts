import type { Demonstration } from "./requests.ts";

/** Columns of everything the demonstration prints. */
export const WIDTH = 80;
/** Columns of what was asked; the answer stands beside it. */
const TITLE_WIDTH = 34;

export const color = process.stdout.isTTY === true && !process.env.NO_COLOR;

/** What did not come out as it should, and what is to be undone however the showing ends. */
const wrong: string[] = [];
const undone: (() => void)[] = [];

export function expectThat(holds: boolean, otherwise: string): void {
  if (!holds) wrong.push(otherwise);
}

export function title(text: string): void {
  console.log(`\n${text}\n${"-".repeat(text.length)}`);
}

/** Lines of prose, as they are; each fits into the width. */
export function say(...lines: readonly string[]): void {
  for (const line of lines) console.log(`  ${line}`);
}

/** What a user would type. */
export function typed(line: string): void {
  console.log(`  $ ${line}`);
}

export function indented(text: string): void {
  console.log(text.trimEnd().replaceAll(/^/gm, "    "));
}

export function outcome(demonstration: Demonstration, answer: string): void {
  const last = answer.trimEnd().split("\n").at(-1) ?? "";
  const space = WIDTH - TITLE_WIDTH - 3;
  const shown = last.length > space ? `${last.slice(0, space - 3)}...` : last;
  console.log(`  ${demonstration.title.padEnd(TITLE_WIDTH)} ${shown}`);
}

/** Done at the end, the last first, and if the demonstration is interrupted. */
export function atEnd(undo: () => void): void {
  undone.push(undo);
}

function undoAll(): void {
  for (let undo = undone.pop(); undo !== undefined; undo = undone.pop()) undo();
}

/** Shows `acts` and says whether all came out as it should. */
export async function show(
  acts: () => Promise<void>,
  goesWithout: readonly string[],
): Promise<void> {
  for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15 }))
    process.once(signal, () => {
      undoAll();
      process.exit(128 + number);
    });
  try {
    await acts();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    wrong.push(error.message);
  } finally {
    undoAll();
  }
  title(wrong.length === 0 ? "As it should be" : "Not as it should be");
  if (wrong.length === 0)
    say("The same server, the same holes: outside its domain there is nothing to reach.");
  say(...(wrong.length === 0 ? goesWithout : wrong));
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
