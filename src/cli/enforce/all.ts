import { Turns } from "../../base/turns.ts";
import { shownDomains } from "../../host/agent-answers.ts";
import { HostError } from "../../host/host-error.ts";
import type { Context, Options } from "../command.ts";
import { ask } from "../commands/domain/ask.ts";
import { detailsOf } from "../ready/look.ts";
import { counted } from "../ready/reason.ts";
import type { Readiness } from "../ready/reasons.ts";
import { lengthOfTime } from "../render/local-time.ts";
import { liveLine } from "../render/progress.ts";
import { type Enforced, enforceWatched } from "./enforce.ts";
import { type Judged, judgedNow } from "./judged.ts";
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
 * Enforces every domain that is in use, not enforced and ready (or `--anyway`), one after another,
 * so that a host's daemons are not all restarted at once, and watches all of them at the same time.
 * What becomes of one changes nothing for the others.
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
    const what = counted(seen.size, "domain");
    line.show(`${what}: enforcing, watched for another ${time}, ${sum} denied`);
  };
  const say = (text: string): void => line.say(`cofferdam: ${text}`);
  try {
    // One after another, and none beside an order: what is judged keeps this process from writing
    // for seconds, and the agent closes connections that say nothing.
    const judged: JudgedDomain[] = [];
    for (const { name } of used) {
      line.show(`${counted(used.length, "domain")}: judging ${name}`);
      judged.push(await judgeOne(context, name, options));
    }
    const turns = new Turns(1);
    return await untilSignal((signal) =>
      Promise.all(
        judged.map(async (one) => {
          const done = await enforceOne(context, one, options, { signal, show, say, turns });
          seen.delete(one.domain);
          return done;
        }),
      ),
    );
  } finally {
    line.end();
  }
}

interface Together {
  readonly signal: AbortSignal;
  readonly show: (domain: string, left: number, denied: number) => void;
  readonly say: (text: string) => void;
  readonly turns: Turns;
}

interface JudgedDomain {
  readonly domain: string;
  /** A sentence if it could not be judged. */
  readonly judged: Judged | string;
}

async function judgeOne(context: Context, domain: string, options: Options): Promise<JudgedDomain> {
  try {
    return { domain, judged: await judgedNow(context, await detailsOf(context, domain), options) };
  } catch (error) {
    return { domain, judged: whyNot(error) };
  }
}

/** @throws the error itself if it is none that is told */
function whyNot(error: unknown): string {
  if (!(error instanceof HostError)) throw error;
  return `${error.message}; ${error.help}`;
}

async function enforceOne(
  context: Context,
  { domain, judged }: JudgedDomain,
  options: Options,
  { signal, show, say, turns }: Together,
): Promise<EnforcedDomain> {
  if (typeof judged === "string")
    return { domain, readiness: null, enforced: null, failed: judged };
  const { readiness, units, isSettled } = judged;
  const told = { domain, readiness };
  if (readiness.verdict !== "ready" && options.anyway !== true)
    return { ...told, enforced: null, failed: null };
  try {
    const enforced = await enforceWatched(context, {
      ...{ domain, units, isSettled, signal, turns, say },
      progress: (left, denied) => show(domain, left, denied),
      ...watchOptions(context, domain, units, options),
    });
    return { ...told, enforced, failed: null };
  } catch (error) {
    return { ...told, enforced: null, failed: whyNot(error) };
  }
}
