import { shownDomains } from "../../host/agent-answers.ts";
import { HostError } from "../../host/host-error.ts";
import type { Context, Options } from "../command.ts";
import { ask } from "../commands/domain/ask.ts";
import { detailsOf } from "../ready/look.ts";
import type { Readiness } from "../ready/reasons.ts";
import { lengthOfTime } from "../render/local-time.ts";
import { liveLine } from "../render/progress.ts";
import { type Enforced, enforceWatched } from "./enforce.ts";
import { judgedNow } from "./judged.ts";
import { untilSignal, watchOptions } from "./watch-options.ts";

export interface EnforcedDomain {
  readonly domain: string;
  /** null if it could not be judged. */
  readonly readiness: Readiness | null;
  /** null if it was not ready, or something failed. */
  readonly enforced: Enforced | null;
  readonly failed: string | null;
}

/**
 * Enforces every domain that is in use, not enforced and ready (or `--anyway`), and watches all of
 * them at the same time. What becomes of one changes nothing for the others.
 * @throws HostError without an agent
 */
export async function enforceAll(
  context: Context,
  options: Options,
): Promise<readonly EnforcedDomain[]> {
  const { domains } = await ask(context, shownDomains, "GET", "/domains");
  const used = domains.filter(({ processes, level }) => processes > 0 && level !== "enforcing");
  const line = liveLine(context.err);
  const seen = new Map<string, { readonly left: number; readonly denied: number }>();
  const show = (domain: string, left: number, denied: number): void => {
    seen.set(domain, { left, denied });
    const all = [...seen.values()];
    const longest = Math.max(...all.map((one) => one.left));
    const sum = all.reduce((count, one) => count + one.denied, 0);
    const time = lengthOfTime(longest);
    line.show(`${seen.size} domains: enforcing, watched for another ${time}, ${sum} denied`);
  };
  try {
    return await untilSignal((signal) =>
      Promise.all(used.map(({ name }) => enforceOne(context, name, options, signal, show))),
    );
  } finally {
    line.end();
  }
}

async function enforceOne(
  context: Context,
  domain: string,
  options: Options,
  signal: AbortSignal,
  show: (domain: string, left: number, denied: number) => void,
): Promise<EnforcedDomain> {
  let readiness: Readiness | null = null;
  try {
    const judged = await judgedNow(context, await detailsOf(context, domain), options);
    readiness = judged.readiness;
    const done = { domain, readiness, failed: null };
    if (readiness.verdict !== "ready" && options.anyway !== true)
      return { ...done, enforced: null };
    const { units, isSettled } = judged;
    const enforced = await enforceWatched(context, {
      ...{ domain, units, isSettled, signal },
      progress: (left, denied) => show(domain, left, denied),
      ...watchOptions(context, domain, units, options),
    });
    return { ...done, enforced };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return { domain, readiness, enforced: null, failed: `${error.message}; ${error.help}` };
  }
}
