import { performance } from "node:perf_hooks";
import { type Tried, tryBreakIns } from "./break-ins.ts";
import type { LibraryDaemon } from "./daemon.ts";
import type { LibraryHost } from "./library-host.ts";
import { OnHost } from "./on-host.ts";
import { shippedPolicy } from "./policy.ts";
import { PolicyDiffers } from "./policy-differs.ts";
import { filesOn, type Width, widthOf } from "./width.ts";

/** What was seen of one daemon of the library. */
export interface Passage {
  readonly name: string;
  /** Of the package that was installed. */
  readonly version: string;
  /** ISO 8601, the day alone. */
  readonly day: string;
  /** What the policy does not grant and the daemon asked for. */
  readonly refused: readonly string[];
  readonly tried: readonly Tried[];
  /** On this stock host, with the daemon's packages. */
  readonly width: Width;
  readonly seconds: number;
}

/** A step that went otherwise than it must. */
export class StepFailed extends Error {
  readonly step: string;
  /** Whether the host is fit for another daemon. */
  readonly isHostSound: boolean;

  constructor(step: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.step = step;
    this.isHostSound = cause instanceof PolicyDiffers;
  }
}

/**
 * Installs a daemon and leads it through what happens to it on a server: outside, at warning,
 * enforcing, upgraded, broken into, stopped. `say` hears of each step.
 * @throws StepFailed at the first step that fails
 */
export async function goThrough(
  host: LibraryHost,
  written: LibraryDaemon,
  say: (step: string) => void,
): Promise<Passage> {
  const start = performance.now();
  const one = new OnHost(host, written);
  let tried: readonly Tried[] = [];
  const steps: readonly (readonly [string, () => void | Promise<void>])[] = [
    ["installed", () => one.install()],
    ["outside", () => one.outside()],
    ["at warning", () => one.atWarning()],
    ["enforced", () => one.enforced()],
    ["upgraded", () => one.upgraded()],
    ["stopped", () => one.stopped()],
    [
      "broken into",
      () => {
        tried = tryBreakIns(host, one.daemon);
      },
    ],
    ["cleared", () => one.clear()],
  ];
  const beyond: StepFailed[] = [];
  for (const [step, act] of steps) {
    // Enforced, it would only fail.
    if (beyond.length > 0 && ["enforced", "upgraded"].includes(step)) continue;
    const before = performance.now();
    try {
      await act();
    } catch (error) {
      if (!(error instanceof PolicyDiffers))
        throw new StepFailed(step, withEarlier(beyond, error, one.context()));
      beyond.push(new StepFailed(step, error));
    }
    say(`${step} ${((performance.now() - before) / 1000).toFixed(1)} s`);
  }
  const [first] = beyond;
  if (first !== undefined) {
    const all = [...new Set(beyond.map(({ message }) => message))];
    throw new StepFailed(first.step, new PolicyDiffers(all.join("\n")));
  }
  return {
    name: written.name,
    version: one.version(),
    day: new Date().toISOString().slice(0, 10),
    refused: one.told(),
    tried,
    width: widthOf(filesOn(host), shippedPolicy(written.name)),
    seconds: Math.round((performance.now() - start) / 1000),
  };
}

/** What is wrong at a step, behind what was wrong before it. */
function withEarlier(earlier: readonly StepFailed[], error: unknown, context: string): Error {
  const why = error instanceof Error ? error.message : String(error);
  const all = [...earlier.map(({ message }) => message), why, context];
  return new Error(all.join("\n"), { cause: error });
}
