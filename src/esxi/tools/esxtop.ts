import { parseCommandLine, usage } from "./usage.ts";

const form = "esxtop [-b] [-n ITERATIONS] [-d SECONDS]";

/** Options of ESXi without a meaning here, each with the reason. */
const without: Readonly<Record<string, string>> = {
  a: "every column is there in batch output",
  s: "no key of the live view changes anything",
  l: "the view follows the domains as they come and go",
  c: "there is nothing to configure",
  R: "cofferdam support makes no recordings to replay",
};

const options = {
  batch: { type: "boolean", short: "b" },
  iterations: { type: "string", short: "n" },
  delay: { type: "string", short: "d" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * The words of `esxtop` as words of `cofferdam`. @throws HostError for options without a meaning
 * here
 */
export function esxtop(args: readonly string[]): readonly string[] {
  const strange = args.find(
    (word) => word.startsWith("-") && Object.hasOwn(without, word.slice(1, 2)),
  );
  if (strange !== undefined)
    throw usage(`${strange} has no meaning here: ${without[strange.slice(1, 2)]}`, form);
  const { values, positionals } = parseCommandLine(args, options, form);
  if (positionals.length > 0) throw usage(`\`${positionals[0]}\` is not an option`, form);
  const { batch, iterations, delay, help } = values;
  return [
    "top",
    ...(help === true ? ["--help"] : []),
    ...(batch === true ? ["--batch"] : []),
    ...(iterations === undefined ? [] : ["--iterations", iterations]),
    ...(delay === undefined ? [] : ["--delay", delay]),
  ];
}
