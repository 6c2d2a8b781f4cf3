import { ExitCode } from "../../host/exit-code.ts";
import { HostError } from "../../host/host-error.ts";
import type { Dialect, DialectContext } from "../dialect-command.ts";
import { hostDomains, levelOf, liveTable } from "../domains.ts";
import { esxiName, findDomain, SUPER_DOM } from "../language/names.ts";
import { setLevel } from "../set-level.ts";
import { parseCommandLine, usage } from "./usage.ts";

const namespace = ["system", "secpolicy", "domain"];

const form = `esxcli system secpolicy domain list
esxcli system secpolicy domain set -n NAME -l enforcing|warning|disabled
esxcli system secpolicy domain set --all-domains -l LEVEL`;

export const esxcli: Dialect = (args, context) => {
  const { values, positionals } = parseCommandLine(args, options, form);
  if (values.help === true) {
    context.out(`Usage:\n${form}\n`);
    return ExitCode.ok;
  }
  const verb = positionals[namespace.length];
  if (
    !namespace.every((word, at) => positionals[at] === word) ||
    positionals.length !== namespace.length + 1
  )
    throw usage(`\`${positionals.join(" ")}\` is not a command of this host`, form);
  if (verb === "list") return list(context);
  if (verb === "set") return set(context, values);
  throw usage(`\`${verb}\` is neither list nor set`, form);
};

const options = {
  name: { type: "string", short: "n" },
  level: { type: "string", short: "l" },
  "all-domains": { type: "boolean", short: "a" },
  help: { type: "boolean", short: "h" },
} as const;

const titles = ["Domain Name", "Enforcement Level"] as const;
/** As in ESXi. */
const NAME_WIDTH = 22;

function list({ places, out }: DialectContext): ExitCode {
  const table = liveTable(places);
  const rows = hostDomains(places).map((domain) => {
    const name = domain.name === SUPER_DOM ? SUPER_DOM : esxiName(domain.name);
    return [name, levelOf(places, domain, table) ?? "-"] as const;
  });
  const width = rows.reduce((most, [name]) => Math.max(most, name.length), NAME_WIDTH);
  const dashes = ["-".repeat(width), "-".repeat(titles[1].length)] as const;
  out(
    [titles, dashes, ...rows].map(([name, level]) => `${name.padEnd(width)}  ${level}\n`).join(""),
  );
  return ExitCode.ok;
}

interface SetValues {
  readonly name?: string | undefined;
  readonly level?: string | undefined;
  readonly "all-domains"?: boolean | undefined;
}

async function set(context: DialectContext, values: SetValues): Promise<ExitCode> {
  const { name, level, "all-domains": all } = values;
  if ((name === undefined) === (all !== true))
    throw usage("either one domain is named or all are meant", form);
  if (level !== "enforcing" && level !== "warning" && level !== "disabled")
    throw usage(
      `\`${level ?? ""}\` is not a level`,
      "the levels are enforcing, warning and disabled",
    );
  const waiting = await setLevel(
    context.places,
    name === undefined ? null : switchable(context, name),
    level,
  );
  // ESXi prints nothing here, and scripts read standard output. So this goes to standard error.
  for (const { name: domain, processes } of waiting)
    context.err(
      `esxcli: ${processes} of ${esxiName(domain)} keep their level until a restart: ` +
        `cofferdam domain restart ${domain}\n`,
    );
  return ExitCode.ok;
}

function switchable({ places }: DialectContext, name: string): string {
  const domain = findDomain(name, hostDomains(places));
  if (domain === null)
    throw new HostError(
      `there is no domain \`${name}\``,
      "esxcli system secpolicy domain list",
      ExitCode.no,
    );
  if (domain.name === SUPER_DOM)
    throw new HostError(
      "superDom has no level",
      "it has the processes outside all domains",
      ExitCode.no,
    );
  return domain.name;
}
