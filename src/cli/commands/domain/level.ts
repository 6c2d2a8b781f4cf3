import { wrap } from "../../../base/wrap.ts";
import { type ShownChange, type ShownChanges, shownChanges } from "../../../host/agent-answers.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import {
  type Command,
  CommandError,
  type Context,
  jsonOption,
  type Options,
} from "../../command.ts";
import { parseDuration } from "../../duration.ts";
import { toJson } from "../../json.ts";
import { localTime, timeLeft } from "../../render/local-time.ts";
import { renderRestarts } from "../../render/restarts.ts";
import { parseLevel } from "../../wanted.ts";
import { ask, domainName } from "./ask.ts";

export const domainLevel: Command = {
  name: "level",
  operands: [
    { name: "[domain]", description: "the domain's name; none with --all" },
    { name: "[level]", description: "enforcing, warning or disabled; none with --reset" },
  ],
  summary: "set the level of a domain",
  description: [
    "Supervised processes have the new level at once, and so has every new start. The level " +
      "survives restarts of the agent and the host. Sealed processes keep the level of their " +
      "start; the command names them and how to restart them. Each change is an audit event. " +
      "`--all disabled` asks first; without a terminal it needs --yes.",
    "Exit status: 0 if the level is in force, even if processes need a restart; 3 otherwise.",
  ],
  options: [
    { flags: "--for <time>", description: "restore the previous level after 90s, 30m, 2h, 1d" },
    { flags: "--reset", description: "return to the level in the policy" },
    { flags: "--all", description: "all domains; with --reset, all whose level was set" },
    { flags: "--yes", description: "do not ask before all domains are disabled" },
    jsonOption,
  ],
  examples: [
    {
      line: "cofferdam domain level nginx warning --for 2h",
      what: "grant and log, then enforce again",
    },
    {
      line: "cofferdam domain level --all enforcing",
      what: "all domains",
    },
    { line: "cofferdam domain level nginx --reset", what: "the level in its policy" },
    {
      line: "cofferdam domain level --all --reset",
      what: "for every domain the level in its policy",
    },
  ],
  async run(context, words, options) {
    const { changes } = await order(context, words, options);
    const text = changes.length === 0 ? "no domain was given a level\n" : null;
    context.out(options.json ? toJson({ changes }) : (text ?? renderAll(changes, context.width)));
    return ExitCode.ok;
  },
};

async function order(
  context: Context,
  words: readonly string[],
  options: Options,
): Promise<ShownChanges> {
  const all = options.all === true;
  const reset = options.reset === true;
  const wanted = (all ? 0 : 1) + (reset ? 0 : 1);
  if (words.length !== wanted)
    throw new CommandError(
      `${wordsWanted(all, reset)} wanted, and nothing else`,
      "cofferdam domain level --help shows how",
      ExitCode.usage,
    );
  if (reset && options.for !== undefined)
    throw new CommandError("--reset has no end", "leave --for out", ExitCode.usage);
  const path = all ? "/level" : `/domains/${domainName(words[0] ?? "")}/level`;
  if (reset) return ask(context, shownChanges, "DELETE", path);
  const level = parseLevel(words[all ? 0 : 1] ?? "");
  if (all && level === "disabled" && options.yes !== true) await confirmDisabling(context);
  const seconds = typeof options.for === "string" ? { seconds: parseDuration(options.for) } : {};
  return ask(context, shownChanges, "PUT", path, { level, ...seconds });
}

/** @throws CommandError unless a person at the terminal agrees */
async function confirmDisabling({ confirm }: Context): Promise<void> {
  if (confirm === undefined)
    throw new CommandError(
      "there is no terminal to ask whether all domains are to be disabled",
      "write --yes to do it: supervised processes may then do anything, and nothing is logged",
      ExitCode.usage,
    );
  const question =
    "Disable all domains? Supervised processes and new starts may then do anything, unlogged.";
  if (!(await confirm(question)))
    throw new CommandError("nothing was changed", "answer `yes` to disable all", ExitCode.no);
}

function wordsWanted(all: boolean, reset: boolean): string {
  if (all && reset) return "no domain is";
  if (all) return "a level is";
  return reset ? "a domain is" : "a domain and a level are";
}

/** Of several domains shows those that changed, change later or need a restart; counts the rest. */
function renderAll(changes: readonly ShownChange[], width: number): string {
  const told = changes.filter(
    ({ before, level, until, restart }) => before !== level || until !== null || restart.length > 0,
  );
  const render = (change: ShownChange) => renderOne(change, width);
  if (changes.length === 1) return changes.map(render).join("");
  const rest = changes.length - told.length;
  const same =
    rest === 0
      ? ""
      : `${rest} ${rest === 1 ? "domain was" : "domains were"} at ${changes[0]?.level} before\n`;
  return told.map(render).join("") + same;
}

function renderOne(
  { name, before, level, until, following, restart }: ShownChange,
  width: number,
): string {
  const was = before === null || before === level ? "" : `, was ${before}`;
  const end = until === null ? "" : `, until ${localTime(until)} (${timeLeft(until)} left)`;
  const now =
    following === 0
      ? ""
      : `; ${following} supervised ${following === 1 ? "run follows" : "runs follow"} at once`;
  const change = wrap(`${name}: ${level}${was}${end}${now}`, width, "  ");
  return `${change}\n${renderRestarts(restart, "level")}`;
}
