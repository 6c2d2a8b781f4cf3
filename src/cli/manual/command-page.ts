import type { Command, CommandOption } from "../command.ts";
import {
  bold,
  entry,
  escapeRoff,
  literal,
  type ManualPage,
  paragraphs,
  prose,
  section,
} from "./roff.ts";

/** How a description begins that explains the exit status. */
const STATUS = "Exit status: ";

export function commandPage(command: Command, all: readonly Command[]): ManualPage {
  const { name, summary, description, options, operands, subcommands = [] } = command;
  const page = `cofferdam-${name}`;
  const status = [command, ...subcommands].flatMap((one) =>
    statusOf(one, one === command ? "" : `${one.name}: `),
  );
  return {
    name: page,
    section: 1,
    body: [
      ...section("name", [`${escapeRoff(page)} \\- ${prose(summary)}`]),
      ...section("synopsis", synopses(command)),
      ...section("description", paragraphs(withoutStatus(description))),
      ...section(
        "arguments",
        operands.flatMap((operand) => entry(bold(operand.name), operand.description)),
      ),
      ...section("options", optionEntries(options)),
      ...section("commands", subcommands.flatMap(subcommandPart)),
      ...section("exit status", paragraphs(status)),
      ...section(
        "examples",
        [command, ...subcommands].flatMap((one) => one.examples).flatMap(example),
      ),
      ...section("see also", [
        seeAlso(all.filter((other) => other !== command).map((other) => other.name)),
      ]),
    ],
  };
}

function synopses(command: Command): readonly string[] {
  const { name, subcommands = [], run } = command;
  const lines = run === undefined ? [] : [synopsis([name], command)];
  const below = subcommands.map((one) => synopsis([name, one.name], one));
  return [...lines, ...below].flatMap((line, at) => (at === 0 ? [line] : [".br", line]));
}

function synopsis(path: readonly string[], { operands, options, usage }: Command): string {
  const wanted = usage === undefined ? operands.map((operand) => operand.name) : [usage];
  const words = [...(options.length > 0 ? ["[OPTION]..."] : []), ...wanted];
  return [bold(["cofferdam", ...path].join(" ")), ...words.map(escapeRoff)].join(" ");
}

function optionEntries(options: readonly CommandOption[]): readonly string[] {
  return options
    .filter(({ hidden }) => hidden !== true)
    .flatMap(({ flags, description }) => entry(bold(flags), description));
}

function subcommandPart({
  name,
  summary,
  description,
  operands,
  options,
}: Command): readonly string[] {
  const inner = [
    ...operands.flatMap((operand) => entry(bold(operand.name), operand.description)),
    ...optionEntries(options),
  ];
  return [
    `.SS ${bold(name)}`,
    prose(summary),
    ...withoutStatus(description).flatMap((text) => [".PP", prose(text)]),
    ...(inner.length > 0 ? [".RS", ...inner, ".RE"] : []),
  ];
}

function statusOf({ description }: Command, before: string): readonly string[] {
  return description
    .filter((text) => text.startsWith(STATUS))
    .map((text) => before + text.slice(STATUS.length));
}

function withoutStatus(description: readonly string[]): readonly string[] {
  return description.filter((text) => !text.startsWith(STATUS));
}

function example({ line, what }: Command["examples"][number], at: number): readonly string[] {
  return [...(at === 0 ? [] : [".PP"]), prose(`${what}:`), ...literal([line])];
}

function seeAlso(names: readonly string[]): string {
  const pages = ["cofferdam", ...names.map((name) => `cofferdam-${name}`)];
  return [...pages.map((page) => `${bold(page)}(1)`), `${bold("cofferdam-policy")}(5)`].join(", ");
}
