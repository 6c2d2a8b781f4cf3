import { basename, dirname, join } from "node:path";
import { hasError } from "../../diagnostics/diagnostic.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { domainNames, shippedOf } from "../../host/load.ts";
import { type LoadedCases, loadCases } from "../../policy/cases.ts";
import {
  type Command,
  CommandError,
  type Context,
  jsonOption,
  type Options,
  policyOption,
  setOption,
} from "../command.ts";
import { complain } from "../complain.ts";
import { explainRequest } from "../explain/explain-request.ts";
import { toJson } from "../json.ts";
import { type RequiredPolicy, requirePolicy } from "../require-policy.ts";
import { tryCases } from "../test/by-engine.ts";
import { judgeCases, readCase } from "../test/judge-cases.ts";
import { renderTested, type Tested, testedJson } from "../test/render.ts";

export const test: Command = {
  name: "test",
  operands: [{ name: "[domains...]", description: "domains; none: every domain that has cases" }],
  summary: "hold policies against what they must allow and must deny",
  description: [
    "Reads `cases/NAME.yaml` beside the policy, else the shipped one: lists `must-allow` and " +
      "`must-deny` of requests in the words of `cofferdam explain`. Each is decided by the " +
      "function with which the mediator decides. A case that fails is shown as `explain` shows " +
      "it.",
    "With `--engine` a small program in the domain, at level enforcing, also tries each case, as " +
      "`cofferdam probe` does. The host, the daemon and its data stay as they are: what would " +
      "change a name is tried in a view of the host of its own, on what the command makes there, " +
      "and the network is one without hosts. Each case is shown with both answers, and where " +
      "they differ with the reason. What cannot be tried without an effect is named.",
    "What a sealed domain that starts on this host now would not reach, because it does not " +
      "exist, is named, and does not fail.",
    "Exit status: 0 if all cases hold, 1 if one fails or an engine answers otherwise than the " +
      "policy for no known reason.",
  ],
  options: [
    policyOption,
    { flags: "--cases <file>", description: "take the cases from this file" },
    { flags: "--engine", description: "also try each case from inside the domain, without harm" },
    setOption,
    jsonOption,
  ],
  examples: [
    { line: "cofferdam test nginx", what: "after a change of its policy" },
    { line: "cofferdam test", what: "all domains that have cases" },
    { line: "cofferdam test nginx --engine", what: "as root: by the kernel, too" },
    {
      line: "cofferdam test --policy ./tool.yaml --cases ./tool-cases.yaml",
      what: "a policy that is being written",
    },
  ],
  async run(context, domains, options) {
    const tested: Tested[] = [];
    for (const domain of wanted(context, domains, options))
      tested.push(await testedOne(context, domain, options));
    if (options.json === true) context.out(toJson(tested.map(testedJson)));
    else context.out(tested.map((one) => renderTested(one, context.width)).join(""));
    const holds = tested.every(
      ({ cases, tried }) =>
        cases.every((one) => one.holds) &&
        (tried ?? []).every((one) => !one.tried || (one.holds && one.differs !== undefined)),
    );
    return holds ? ExitCode.ok : ExitCode.no;
  },
};

async function testedOne(
  context: Context,
  domain: string | undefined,
  options: Options,
): Promise<Tested> {
  const required = requirePolicy(context, domain, options);
  const found = casesOf(context, required, options);
  if (found === null)
    throw new CommandError(
      `there are no cases of \`${required.policy.name}\``,
      `write ${casesBeside(required)}: \`cofferdam test --help\` shows how`,
    );
  const tested = judged(context, required, found, options);
  if (options.engine !== true) return tested;
  return { ...tested, tried: await tryCases(context, required, tested.cases) };
}

/** An undefined one is that of `--policy`. */
function wanted(
  context: Context,
  domains: readonly string[],
  options: Options,
): readonly (string | undefined)[] {
  if (domains.length === 0 && options.policy !== undefined) return [undefined];
  if (options.cases !== undefined && domains.length !== 1)
    throw new CommandError(
      "--cases is about one policy",
      "name one domain, or write --policy FILE",
      ExitCode.usage,
    );
  if (domains.length > 0) return domains;
  const known = domainNames(context.places).filter(
    (domain) => casesOf(context, requirePolicy(context, domain, options), options) !== null,
  );
  if (known.length > 0) return known;
  throw new CommandError("no domain has cases", "`cofferdam test --help` says how to write some");
}

interface Found extends LoadedCases {
  readonly file: string;
}

/**
 * Beside the policy, else shipped: a copy of a shipped policy is held against the shipped cases.
 */
function casesOf({ places }: Context, required: RequiredPolicy, options: Options): Found | null {
  const shipped = shippedOf(places);
  const owners = [0, process.geteuid?.() ?? 0];
  const beside = casesBeside(required);
  const files =
    typeof options.cases === "string"
      ? [options.cases]
      : [beside, join(places.shipped, "cases", basename(beside))];
  for (const file of files) {
    const loaded = loadCases(file, owners, shipped);
    if (loaded !== null) return { ...loaded, file };
  }
  return null;
}

function casesBeside({ files: [own = ""] }: RequiredPolicy): string {
  return join(dirname(own), "cases", basename(own));
}

function judged(
  context: Context,
  required: RequiredPolicy,
  { file, cases: lines, diagnostics, sources }: Found,
  options: Options,
): Tested {
  const read = lines.map(readCase);
  const wrong = [
    ...diagnostics,
    ...read.flatMap((one) => ("diagnostic" in one ? one.diagnostic : [])),
  ];
  if (hasError(wrong)) {
    complain(context, wrong, sources, options);
    throw new CommandError(
      "the cases cannot be used",
      "fix the problems shown above, then try again",
    );
  }
  if (lines.length === 0)
    throw new CommandError(
      `${file} has no case: nothing would be tested`,
      "write requests below `must-allow` or `must-deny`, or remove the file",
    );
  const cases = judgeCases(
    context,
    required,
    read.flatMap((one) => ("request" in one ? one : [])),
  );
  const explained = cases
    .filter(({ holds }) => !holds)
    .map((one) => [one, explainRequest(context, required, one.request)] as const);
  return { domain: required.policy.name, file, cases, explained: new Map(explained), tried: null };
}
