/**
 * Stands in for vitest inside the virtual machine, where its runner cannot load: test files that
 * were bundled with it run in the order they were written, with vitest's own `expect`. Prints one
 * line of JSON a test, as `bundle.ts` reads them.
 */
import * as fs from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";

type Body = (context: { skip(reason: string): never }) => unknown;

interface Suite {
  readonly title: string;
  readonly parent: Suite | null;
  readonly before: (() => unknown)[];
  readonly after: (() => unknown)[];
  readonly parts: (Suite | { readonly title: string; readonly body: Body })[];
}

/** Ends a test that says why it cannot run. */
class Skipped extends Error {}

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

export const expect: Chai.ExpectStatic = chai.expect;

function newSuite(title: string, parent: Suite | null): Suite {
  return { title, parent, before: [], after: [], parts: [] };
}

const root = newSuite("", null);
let current = root;

export function describe(title: string, fill: () => void): void {
  const suite = newSuite(title, current);
  current.parts.push(suite);
  current = suite;
  fill();
  current = suite.parent ?? root;
}

export function test(title: string, body: Body): void {
  current.parts.push({ title, body });
}

export function beforeAll(hook: () => unknown): void {
  current.before.push(hook);
}

export function afterAll(hook: () => unknown): void {
  current.after.unshift(hook);
}

export const vi = {
  /** Tries until it does not throw; after `timeout` milliseconds, what it threw last. */
  async waitFor(
    attempt: () => unknown,
    { timeout, interval }: { readonly timeout: number; readonly interval: number },
  ): Promise<void> {
    const end = performance.now() + timeout;
    for (;;) {
      try {
        await attempt();
        return;
      } catch (error) {
        if (performance.now() > end) throw error;
      }
      await pause(interval);
    }
  },
};

function report(title: string, state: "passed" | "failed" | "skipped", why: string): void {
  console.log(JSON.stringify({ title, state, why }));
  // An ordinary user may not write there.
  if (state === "failed" && process.getuid?.() === 0) tellConsole(title, why);
}

/** There a developer sees the failure while the machine still runs. */
function tellConsole(title: string, why: string): void {
  fs.appendFileSync("/dev/console", `failed: ${title}: ${why.split("\n", 2).join(" ")}\n`);
}

async function attempt(title: string, body: Body): Promise<void> {
  const skip = (reason: string): never => {
    throw new Skipped(reason);
  };
  try {
    await body({ skip });
    report(title, "passed", "");
  } catch (error) {
    if (error instanceof Skipped) report(title, "skipped", error.message);
    else report(title, "failed", whyFailed(error));
  }
}

/** With both sides of a comparison, which its message shortens. */
function whyFailed(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const sides = { expected: undefined, actual: undefined, ...error };
  const written = JSON.stringify(sides, (_, value) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
  const compared = sides.expected === undefined ? "" : `\n${written}`;
  return `${error.stack ?? error.message}${compared}`;
}

async function run(suite: Suite, titles: readonly string[]): Promise<void> {
  for (const hook of suite.before) await hook();
  for (const part of suite.parts) {
    if ("body" in part) await attempt([...titles, part.title].join(" > "), part.body);
    else await run(part, [...titles, part.title]);
  }
  for (const hook of suite.after) await hook();
}

/**
 * Runs what the bundled files have described: the bundle's last statement. A failed test may leave
 * a child behind, for which node would wait.
 */
export async function runTests(): Promise<never> {
  await run(root, []).catch((error: unknown) => {
    report("outside of all tests", "failed", whyFailed(error));
    process.exit(1);
  });
  process.exit();
}
