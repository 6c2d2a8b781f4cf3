import type { Context, Options } from "../command.ts";
import { parseDuration } from "../duration.ts";
import type { EnforceOptions } from "./enforce.ts";
import { watchedHost } from "./host.ts";

export const WATCH_DEFAULT = "10m";

/** What the command line says of a watch, and the host that is watched. */
export function watchOptions(
  context: Context,
  domain: string,
  units: readonly string[],
  { restart, strict, watch }: Options,
): Pick<EnforceOptions, "restart" | "strict" | "watch" | "host"> {
  return {
    restart: restart === true,
    strict: strict === true,
    watch: parseDuration(typeof watch === "string" ? watch : WATCH_DEFAULT),
    host: () => watchedHost(context, domain, units),
  };
}

/** Signals end the watch, and not the command: it has a level to set back. */
export async function untilSignal<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const end = (signal: NodeJS.Signals): void => ended.abort(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, end);
  try {
    return await work(ended.signal);
  } finally {
    for (const signal of signals) process.off(signal, end);
  }
}
