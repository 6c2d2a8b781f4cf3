import { ExitCode } from "../../host/exit-code.ts";
import { HostError } from "../../host/host-error.ts";
import type { Dialect, DialectContext } from "../dialect-command.ts";
import { hostDomains, levelOf, liveTable, policyOf } from "../domains.ts";
import { allKeywords } from "../language/keywords.ts";
import { pathKind } from "../language/load-directory.ts";
import { esxiName, findDomain, SUPER_DOM } from "../language/names.ts";
import { printRules } from "../language/print.ts";
import { forms } from "../language/rule.ts";
import { loadPolicies } from "./load-policies.ts";
import { helpText, options, without } from "./secpolicytools-options.ts";
import { parseCommandLine, usage } from "./usage.ts";

const more = "secpolicytools -h shows the options";

export const secpolicytools: Dialect = (args, context) => {
  const { values, positionals } = parseCommandLine(args, options, more);
  for (const [name, why] of Object.entries(without))
    if (values[name as keyof typeof values] !== undefined)
      throw usage(`--${name} has no meaning here: ${why}`, more);
  const asked = (
    ["help", "display-policy", "lookup-domain", "list-labels", "keywords", "load-policy"] as const
  ).filter((name) => values[name] !== undefined);
  const [first, ...others] = asked;
  if (first === undefined || others.length > 0)
    throw usage(first === undefined ? "nothing is asked" : "one thing at a time", more);
  if (positionals.length > (first === "load-policy" ? 1 : 0))
    throw usage(`\`${positionals.at(-1)}\` is not an option`, more);
  const { into, replace } = values;
  if (first === "load-policy")
    return loadPolicies(context, { folder: positionals[0], into, replace: replace === true });
  if (first === "lookup-domain") return lookUp(context, values["lookup-domain"] ?? "");
  context.out(
    first === "help"
      ? helpText
      : first === "keywords"
        ? keywords()
        : first === "list-labels"
          ? labels(context)
          : dump(context),
  );
  return ExitCode.ok;
};

/** Prints only the number. For an unknown domain it prints nothing: scripts check the status. */
function lookUp({ places, out }: DialectContext, name: string): ExitCode {
  const domain = findDomain(name, hostDomains(places));
  if (domain === null)
    throw new HostError(
      `there is no domain \`${name}\``,
      "secpolicytools -l lists them",
      ExitCode.no,
    );
  if (domain.number === null) {
    const help = "start the agent, or the domain once as root: cofferdam agent";
    throw new HostError(`the domain \`${domain.name}\` has no number yet`, help, ExitCode.no);
  }
  out(`${domain.number}\n`);
  return ExitCode.ok;
}

function labels({ places }: DialectContext): string {
  const lines = hostDomains(places).map(({ name, number }) => `${printed(name)} ${number ?? "-"}`);
  // Objects have no labels here, because policies name paths.
  return ["Valid domains", ...lines, "", "Valid objects", ""].join("\n");
}

function printed(name: string): string {
  return name === SUPER_DOM ? name : esxiName(name);
}

function keywords(): string {
  const blocks = allKeywords().map(({ verb, words }) => {
    const form = forms[verb as keyof typeof forms];
    return [form, ...words.map((word) => `  ${word}`), ""].join("\n");
  });
  return blocks.join("\n");
}

const RULE_WIDTH = 63;
const ruler = "-".repeat(RULE_WIDTH);

/**
 * Every domain, each with its header and rules; for a policy with errors, a comment in place of the
 * rules.
 */
function dump({ places }: DialectContext): string {
  const table = liveTable(places);
  return hostDomains(places)
    .map((domain) => {
      const policy = domain.name === SUPER_DOM ? null : policyOf(places, domain.name);
      const level = levelOf(places, domain, table) ?? "-";
      const head =
        `Domain Name: ${printed(domain.name)} Domain ID :${domain.number ?? "-"} ` +
        `Enforcement Level: ${level}`;
      const broken =
        domain.name === SUPER_DOM
          ? ""
          : `# its policy has errors: cofferdam check ${domain.name}\n`;
      return (
        `${ruler}\n${head}\n${ruler}\n` +
        `${policy === null ? broken : printRules(policy, pathKind)}`
      );
    })
    .join("");
}
