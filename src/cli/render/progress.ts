/** The line appears after this time, milliseconds. */
const PATIENCE_MS = 1_000;
const REDRAW_MS = 200;
/** Steps between two reads of the clock. */
const STEPS_PER_LOOK_COUNT = 256;

export interface ProgressLine {
  at(done: number, total: number): void;
  /** Removes the line. */
  end(): void;
}

/** A line on standard error that shows the progress; only on a terminal. */
export function progressLine(
  err: (text: string) => void,
  what: string,
  isTerminal = process.stderr.isTTY === true,
): ProgressLine {
  const start = performance.now();
  let shownAt = 0;
  let steps = 0;
  return {
    at: (done, total) => {
      steps += 1;
      if (!isTerminal || steps % STEPS_PER_LOOK_COUNT !== 0) return;
      const now = performance.now();
      if (now - start < PATIENCE_MS || now - shownAt < REDRAW_MS) return;
      shownAt = now;
      err(`\r${what}: ${Math.floor((100 * done) / Math.max(total, 1))} %`);
    },
    end: () => {
      if (shownAt > 0) err(`\r${" ".repeat(what.length + ": 100 %".length)}\r`);
    },
  };
}

export interface LiveLine {
  readonly show: (text: string) => void;
  /** A line that stays, in the place of what was shown; also without a terminal. */
  readonly say: (text: string) => void;
  readonly end: () => void;
}

/** A line on standard error that is replaced by the next one; only on a terminal. */
export function liveLine(
  err: (text: string) => void,
  isTerminal = process.stderr.isTTY === true,
): LiveLine {
  let length = 0;
  const show = (text: string): void => {
    if (!isTerminal) return;
    err(`\r${text.padEnd(length)}`);
    length = text.length;
  };
  const end = (): void => {
    if (length > 0) err(`\r${" ".repeat(length)}\r`);
  };
  const say = (text: string): void => {
    end();
    err(`${text}\n`);
  };
  return { show, say, end };
}
