import { checkContext } from "../../host/check-context.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { hostNow } from "../../host/host.ts";
import { AutomatonTooLarge } from "../../model/automaton/too-large.ts";
import { decide } from "../../model/decide.ts";
import { difference } from "../../model/difference.ts";
import type { Level, Policy } from "../../model/policy.ts";
import { levels } from "../../model/policy.ts";
import { risks } from "../../policy/3-check/risks.ts";
import {
  type Command,
  CommandError,
  type Context,
  jsonOption,
  type Options,
  setOption,
} from "../command.ts";
import { spellRequest } from "../explain/spell-request.ts";
import { toJson } from "../json.ts";
import {
  type Compared,
  renderDifference,
  type Side,
  type ToldChange,
} from "../render/difference.ts";
import { type RequiredPolicy, requireWanted } from "../require-policy.ts";
import { fileOrName } from "../wanted.ts";

export const diff: Command = {
  name: "diff",
  operands: [
    { name: "<old>", description: "a policy file or a domain's name, perhaps with @LEVEL" },
    { name: "<new>", description: "another one, to be compared with it" },
  ],
  summary: "what one policy allows and denies that another does not",
  description: [
    "Compares what the policies mean, not their text: order, duplicates, includes, and rules " +
      "that others cover make no difference. Each line says what NEW newly allows or denies, as " +
      "a policy would say it, with an example that `explain` answers differently. `in part`: the " +
      "policies agree about the rest of the line.",
    "New grants that `check` warns of are marked with `!`. Names are compared as they are " +
      "written: links of this host are not followed.",
    "NAME@warning is the domain at that level, and so is FILE@warning. Below enforcing nothing " +
      "is held back.",
    "Exit status: 0 no difference, 1 differences, 2 trouble.",
  ],
  options: [setOption, jsonOption],
  examples: [
    { line: "cofferdam diff nginx ./nginx.yaml", what: "what the edited file would change" },
    {
      line: "cofferdam diff domains/nginx.yaml /etc/cofferdam/domains/nginx.yaml",
      what: "a shipped policy and this host's own",
    },
    { line: "cofferdam diff nginx@enforcing nginx@warning", what: "what a lower level means" },
  ],
  run(context, [old = "", fresh = ""], options) {
    const compared = troubleIsTwo(() => compare(context, old, fresh, options));
    context.out(
      options.json ? toJson(compared) : renderDifference(compared, { width: context.width }),
    );
    return compared.same ? ExitCode.ok : ExitCode.no;
  },
};

/** As with diff(1), 1 says that there are differences, and 2 that there is no answer. */
function troubleIsTwo<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof AutomatonTooLarge)
      throw new CommandError(error.message, "compare smaller policies", ExitCode.usage);
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(error.message, error.help, ExitCode.usage);
  }
}

function compare(context: Context, old: string, fresh: string, options: Options): Compared {
  const [before, after] = [sideOf(context, old, options), sideOf(context, fresh, options)];
  const { settings, changes } = difference(before.policy, after.policy);
  const same = settings.length === 0 && changes.length === 0;
  const newRisks = same ? [] : risksOnlyIn(context, after, before);
  const told = changes.map((change): ToldChange => {
    const { line, section, isPart, example } = change;
    const { by } = decide(after.policy, example);
    const here = newRisks.filter(
      (risk) => by?.file === risk.file && by.line === risk.line && by.column === risk.column,
    );
    return {
      ...{ section, line, part: isPart, example: spellRequest(example), request: example },
      risks:
        change.effect === "allowed" ? here.map(({ code, message }) => ({ code, message })) : [],
    };
  });
  const of = (effect: "allowed" | "denied") =>
    told.filter((_, at) => changes[at]?.effect === effect);
  const attached = new Set(told.flatMap((one) => one.risks.map(({ message }) => message)));
  return {
    before: about(old, before.policy),
    after: about(fresh, after.policy),
    same,
    settings,
    allowed: of("allowed"),
    denied: of("denied"),
    risks: newRisks
      .filter(({ message }) => !attached.has(message))
      .map(({ code, message }) => ({ code, message })),
  };
}

function about(operand: string, { name, level, mediation }: Policy): Side {
  return { operand, domain: name, level, mediation };
}

/** `NAME`, `FILE`, and either with `@LEVEL` at its end. */
function sideOf(context: Context, operand: string, options: Options): RequiredPolicy {
  const { word, level } = withLevel(operand);
  const required = requireWanted(context, fileOrName(word), options);
  return level === null ? required : { ...required, policy: { ...required.policy, level } };
}

/** An instance that is named like a level is written with its level: `worker@warning@enforcing`. */
function withLevel(operand: string): { readonly word: string; readonly level: Level | null } {
  const level = levels.find((one) => operand.endsWith(`@${one}`));
  if (level === undefined) return { word: operand, level: null };
  return { word: operand.slice(0, -level.length - 1), level };
}

/**
 * What `check` says of one policy and not of the other. Both may be meant for one daemon, so what
 * they do to each other's files is no risk.
 */
function risksOnlyIn(context: Context, after: RequiredPolicy, before: RequiredPolicy) {
  const host = checkContext(context.places, hostNow());
  const own = [after.policy.name, before.policy.name];
  const others = () => (host.others?.() ?? []).filter(({ name }) => !own.includes(name));
  const of = ({ policy, files }: RequiredPolicy) =>
    risks(policy, {
      ...host,
      others,
      file: files[0] ?? policy.name,
      kept: [...files, ...context.places.kept],
    });
  const known = new Set(of(before).map(({ message }) => message));
  return of(after).filter(({ message }) => !known.has(message));
}
