import { ExitCode } from "../../host/exit-code.ts";
import { wordsOf } from "../../host/service-unit.ts";
import { unlessGone } from "../../kernel/unless-gone.ts";
import { isGranted } from "../../protect/evidence.ts";
import { type Subject, subjectOf } from "../../protect/subject.ts";
import { type Command, CommandError, type Context, jsonOption, type Options } from "../command.ts";
import { toJson } from "../json.ts";
import { protectAll } from "../protect/all.ts";
import { apply } from "../protect/apply.ts";
import { type Chosen, choose } from "../protect/choose.ts";
import { renderAll, renderChosen, renderSteps } from "../protect/render.ts";

export const protect: Command = {
  name: "protect",
  operands: [
    {
      name: "[target...]",
      description: "a unit, a program, the id of a process; or a command line behind `--`",
    },
  ],
  usage: "UNIT | PROGRAM | PID | --all | -- COMMAND...",
  summary: "give a daemon a policy and a domain, at level warning",
  description: [
    "Takes the policy that names the unit or the program, and says what this host uses beyond " +
      "it. If there is none, drafts one from what speaks for each line: the unit's settings, the " +
      "files of the package, the program with its libraries and modules, files that its " +
      "arguments and configuration name, and what its processes have open, map, listen on and " +
      "are connected to. Each line has its evidence beside it.",
    "Lines that a break-in would like, as `suggest` judges them, are written as comments with " +
      "the reason. Those from running processes are shown: a process can make them up.",
    "Then the domain is put at level warning, and the unit is to start in it. --now restarts the " +
      "unit. No policy is written over another one, and no unit that is in a domain is changed.",
    "--all does this for every running unit that a policy names, or that listens on an internet " +
      "socket. One that fails does not stop the others. What listens and was left outside is " +
      "listed: what no unit has started, and parts of systemd for which no policy is shipped. So " +
      "is what a policy names that this host's engine does not hold (`mediation: kernel`).",
    "An ordinary user names programs and command lines; the policy goes into the user's folder.",
    "Exit status: 0; 1 if the unit or another domain stands in the way, or with --all if a unit " +
      "failed; 3 if the target is not there.",
  ],
  options: [
    { flags: "--all", description: "every unit that a policy names, or that listens" },
    { flags: "--now", description: "restart the unit in its domain" },
    { flags: "--print", description: "only print the draft, or what a policy lacks" },
    { flags: "--name <name>", description: "call the domain of a draft so" },
    { flags: "--replace", description: "draft anew, over a policy that is there" },
    jsonOption,
  ],
  examples: [
    { line: "sudo cofferdam protect --now memcached", what: "a unit, restarted at level warning" },
    { line: "sudo cofferdam protect --all", what: "the whole host; units enter when they restart" },
    { line: "sudo cofferdam protect --print web.service", what: "see the draft first" },
    { line: "sudo cofferdam protect 4711", what: "a process that no unit started" },
    { line: "cofferdam protect -- node server.js", what: "your own program, as you start it" },
  ],
  async run(context, words, options) {
    if (options.all === true) return ofHost(context, words, options);
    if (words.length === 0)
      throw new CommandError(
        "nothing is named",
        "cofferdam protect UNIT, PROGRAM or PID, --all, or -- COMMAND ARGUMENT...",
        ExitCode.usage,
      );
    const subject = subjectOf(words, context.places, folderHere());
    if (options.now === true && subject.unit === null)
      throw new CommandError("--now is for units", "start the program yourself", ExitCode.usage);
    const chosen = choose(context, subject, options);
    if (options.print === true) return print(context, subject, chosen, options);
    if (options.json !== true) context.out(renderChosen(chosen, subject, context.width));
    await apply(context, subject, chosen, options);
    const steps = stepsAfter(context, subject, chosen, options);
    if (options.json === true) context.out(toJson({ ...shown(subject, chosen), next: steps }));
    else context.out(renderSteps(steps, context.width));
    return ExitCode.ok;
  },
};

async function ofHost(
  context: Context,
  words: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const given = ["print", "name", "replace"].find((one) => options[one] !== undefined);
  if (words.length > 0 || given !== undefined)
    throw new CommandError(
      `--all and ${words[0] ?? `--${given}`} are given`,
      "look at one unit's policy without --all: cofferdam protect --print UNIT",
      ExitCode.usage,
    );
  const done = await protectAll(context, options);
  const all = { ...done, restarted: options.now === true };
  context.out(options.json === true ? toJson(all) : renderAll(all, context.width));
  return done.units.some(({ failed }) => failed !== null) ? ExitCode.no : ExitCode.ok;
}

/** Where relative names begin; where the caller's folder is gone, none of them is there. */
function folderHere(): string {
  return unlessGone(() => process.cwd()) ?? "/proc/self/cwd";
}

function print(context: Context, subject: Subject, chosen: Chosen, options: Options): ExitCode {
  if (options.json === true) context.out(toJson(shown(subject, chosen)));
  else context.out(chosen.text ?? renderChosen(chosen, subject, context.width));
  return ExitCode.ok;
}

function shown({ target, unit }: Subject, { domain, file, text, lines, left }: Chosen) {
  return {
    ...{ target, unit: unit?.name ?? null, domain, file },
    drafted: text !== null,
    lines: lines.map((one) => ({
      ...{ section: one.section, line: one.line, from: one.witness, why: one.why },
      dangers: one.dangers,
      granted: text !== null && isGranted(one),
    })),
    left,
    ...(text === null ? {} : { text }),
  };
}

function stepsAfter(
  { places }: Context,
  subject: Subject,
  { domain, file, text }: Chosen,
  { now }: Options,
) {
  const { unit } = subject;
  // A policy that is there has a level of its own, which an ordinary user's run replaces.
  const level = places.asRoot || text !== null ? "" : "--level warning ";
  const isStarted = unit !== null && now === true;
  const ofUser =
    text === null
      ? { line: `cofferdam run ${domain} -- ...`, what: "at the level of its policy" }
      : { line: "level: enforcing", what: `in ${file}; then start it again` };
  return [
    ...(isStarted ? [] : [startStep(subject, `cofferdam run ${level}${domain}`)]),
    {
      line: `cofferdam suggest ${domain} --write`,
      what: "after it was used, reloaded and stopped: adds what it lacks",
    },
    ...(places.asRoot ? enforcing(domain) : [ofUser]),
  ];
}

/** The command that starts the subject in its domain. */
export function startStep({ unit, started, target, pids }: Subject, run: string) {
  const what = "starts it in its domain";
  if (unit !== null) return { line: `systemctl restart ${unit.name}`, what };
  const [first] = started;
  const words = wordsOf([first?.written ?? "", ...(first?.words ?? [])].join("\0"));
  return {
    line: `${run} -- ${words ?? target}`,
    what:
      pids.length === 0
        ? what
        : `${what}; the arguments are those that the process shows, true or not: read them first`,
  };
}

function enforcing(domain: string) {
  return [
    { line: `cofferdam domain reload ${domain}`, what: "puts the new lines in force" },
    { line: `cofferdam ready ${domain}`, what: "after a day: may it be enforced?" },
    { line: `cofferdam enforce ${domain} --restart`, what: "goes back if the service fails" },
  ];
}
