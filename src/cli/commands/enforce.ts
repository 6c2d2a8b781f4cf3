import { Turns } from "../../base/turns.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { type Command, CommandError, type Context, jsonOption, type Options } from "../command.ts";
import { enforceAll } from "../enforce/all.ts";
import { type Enforced, enforceWatched } from "../enforce/enforce.ts";
import { judgedNow } from "../enforce/judged.ts";
import { giveLevel, restartUnits } from "../enforce/order.ts";
import { renderEnforced, renderEnforcedAll } from "../enforce/render.ts";
import { untilSignal, WATCH_DEFAULT, watchOptions } from "../enforce/watch-options.ts";
import { toJson } from "../json.ts";
import { detailsOf } from "../ready/look.ts";
import type { Readiness } from "../ready/reasons.ts";
import { renderReadiness, verdictWords } from "../ready/render.ts";
import { lengthOfTime } from "../render/local-time.ts";
import { liveLine } from "../render/progress.ts";
import { renderRestarts } from "../render/restarts.ts";
import { domainName } from "./domain/ask.ts";
import { leastOption } from "./ready.ts";

export const enforce: Command = {
  name: "enforce",
  operands: [{ name: "[domain]", description: "the domain's name; none with --all" }],
  summary: "enforce a domain if it is ready, watch it, and go back if its service fails",
  description: [
    "Asks `cofferdam ready` first, and changes nothing if the answer is not `ready`. Then it " +
      "sets the level to enforcing. It restarts the units of the domain if a process would keep " +
      "another level, or with --restart.",
    "It watches for ten minutes. It goes back to level warning if a unit fails, ends or is " +
      "restarted by systemd, or, without systemd, if no process of the domain's runs is left. It " +
      "then restarts units that are down or sealed. Denials are shown; with --strict, the first " +
      "one sends it back, too. A process of the domain can cause that.",
    "--all does this for every domain that is in use and not enforced: it enforces those that " +
      "are ready, one after another, so that not all are restarted at once, watches them at the " +
      "same time, and says of the others why they are not.",
    "Ctrl-C, a hang-up and SIGTERM end the watch: the domain goes back to level warning. If the " +
      "command is killed, or the host boots meanwhile, the agent sets the level back half " +
      "a minute after the watch would have ended; a sealed process keeps level enforcing until " +
      "it is restarted.",
    "Exit status: 0 enforced, with --all every one; 1 not ready, or back at level warning; 3 no " +
      "agent, or no such domain.",
  ],
  options: [
    { flags: "--all", description: "every domain that is in use and not enforced" },
    leastOption,
    { flags: "--anyway", description: "also if it is not ready" },
    { flags: "--restart", description: "restart its units, so that its start is watched, too" },
    { flags: "--watch <time>", description: `watch for 90s, 30m, 2h (default ${WATCH_DEFAULT})` },
    { flags: "--no-watch", description: "enforce, and do not watch" },
    { flags: "--strict", description: "go back at the first denial" },
    jsonOption,
  ],
  examples: [
    { line: "cofferdam enforce nginx", what: "after a day at level warning" },
    { line: "cofferdam enforce nginx --restart --watch 1h", what: "sealed, and watched longer" },
    { line: "cofferdam enforce nginx --anyway --no-watch", what: "at once" },
    { line: "cofferdam enforce --all --restart", what: "what is ready of the whole host" },
  ],
  async run(context, [word], options) {
    if (options.all === true) return ofHost(context, word, options);
    if (word === undefined)
      throw new CommandError("no domain is named", "name one, or write --all", ExitCode.usage);
    const domain = domainName(word);
    const details = await detailsOf(context, domain);
    if (details.level === "enforcing") return alreadyEnforcing(context, domain, options);
    const { readiness: found, units, isSettled } = await judgedNow(context, details, options);
    if (found.verdict !== "ready" && options.anyway !== true)
      return refuse(context, found, options);
    if (found.verdict !== "ready") sayReasons(context, found, options);
    if (options.watch === false) return withoutWatch(context, { domain, units, found }, options);
    const done = await watched(context, { domain, units, isSettled }, options);
    const result = { domain, readiness: found, ...done };
    context.out(options.json ? toJson(result) : renderEnforced(domain, done, context.width));
    return done.level === "enforcing" ? ExitCode.ok : ExitCode.no;
  },
};

async function ofHost(
  context: Context,
  word: string | undefined,
  options: Options,
): Promise<ExitCode> {
  if (word !== undefined)
    throw new CommandError(
      `--all and ${word} are given`,
      "name one domain, or write --all alone",
      ExitCode.usage,
    );
  if (options.watch === false)
    throw new CommandError(
      "--all watches what it enforces",
      "without a watch: cofferdam domain level --all enforcing",
      ExitCode.usage,
    );
  const done = await enforceAll(context, options);
  context.out(options.json ? toJson({ domains: done }) : renderEnforcedAll(done, context.width));
  const isEnforced = done.every(({ enforced }) => enforced?.level === "enforcing");
  return isEnforced ? ExitCode.ok : ExitCode.no;
}

function alreadyEnforcing({ out }: Context, domain: string, options: Options): ExitCode {
  out(
    options.json
      ? toJson({ domain, level: "enforcing" })
      : `${domain} is at level enforcing already\n`,
  );
  return ExitCode.ok;
}

function refuse(context: Context, found: Readiness, options: Options): ExitCode {
  if (options.json) {
    context.out(toJson({ domain: found.domain, level: null, readiness: found }));
    return ExitCode.no;
  }
  sayReasons(context, found, options);
  throw new CommandError(
    `${found.domain} is not enforced: ${verdictWords[found.verdict]}`,
    "do what the reasons say, or write --anyway",
    ExitCode.no,
  );
}

function sayReasons(context: Context, found: Readiness, options: Options): void {
  if (!options.json) context.out(renderReadiness(found, context.width));
}

interface Wanted {
  readonly domain: string;
  readonly units: readonly string[];
}

async function withoutWatch(
  context: Context,
  { domain, units, found }: Wanted & { readonly found: Readiness },
  options: Options,
): Promise<ExitCode> {
  const change = await giveLevel(context, domain, "enforcing");
  const restarted = options.restart === true || change.restart.length > 0 ? units : [];
  const refused = restarted.length === 0 ? null : await restartUnits(restarted);
  const keeping = restarted.length === 0 ? change.restart : [];
  if (options.json)
    context.out(toJson({ domain, level: "enforcing", readiness: found, restarted, keeping }));
  else context.out(`${domain}: enforcing\n${renderRestarts(keeping, "level")}`);
  if (refused === null) return ExitCode.ok;
  throw new CommandError(
    `${restarted.join(" ")} could not be restarted: ${refused}`,
    `cofferdam domain level ${domain} warning lets it start; then see cofferdam events`,
    ExitCode.no,
  );
}

async function watched(
  context: Context,
  { domain, units, isSettled }: Wanted & { readonly isSettled: boolean },
  options: Options,
): Promise<Enforced> {
  const line = liveLine(context.err);
  const progress = (left: number, denied: number) =>
    line.show(`${domain}: enforcing, watched for another ${lengthOfTime(left)}, ${denied} denied`);
  try {
    return await untilSignal((signal) =>
      enforceWatched(context, {
        ...{ domain, units, isSettled, signal, progress, turns: new Turns(1) },
        say: (text) => line.say(`cofferdam: ${text}`),
        ...watchOptions(context, domain, units, options),
      }),
    );
  } finally {
    line.end();
  }
}
