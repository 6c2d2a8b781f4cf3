import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ExitCode } from "../../host/exit-code.ts";
import { libraryFile, load, usablePolicies } from "../../host/load.ts";
import { canonical as canonicalPath } from "../../host/program-named.ts";
import { templateOf } from "../../host/units/unit.ts";
import { allClaims, domainOfUnit, requireDomain } from "../../host/units/unit-domain.ts";
import { namesOnHost } from "../../host/usable-names.ts";
import type { Policy } from "../../model/policy.ts";
import { parseDomainName } from "../../policy/names.ts";
import { type Collected, collect, headOf } from "../../protect/collect.ts";
import { draft } from "../../protect/draft.ts";
import type { DraftLine } from "../../protect/evidence.ts";
import { lacksOf } from "../../protect/lacks.ts";
import type { Subject } from "../../protect/subject.ts";
import { CommandError, type Context, type Options } from "../command.ts";
import { hostFor } from "../suggest/host-for.ts";

/** The policy for a subject. */
export interface Chosen {
  readonly domain: string;
  readonly file: string;
  /** null for a policy that is there already; else what is to be written. */
  readonly text: string | null;
  /** Of a draft all its lines; of a policy what this host has beyond it. */
  readonly lines: readonly DraftLine[];
  /** Lines, or accesses, of running processes beyond a limit. */
  readonly left: number;
  /** A domain for the same program that does not name the unit; null if there is none. */
  readonly similar: string | null;
}

/** @throws CommandError if no policy can be had, or another domain has its name */
export function choose(context: Context, subject: Subject, options: Options): Chosen {
  const existing = options.replace === true ? null : domainFor(context, subject);
  if (existing !== null && typeof options.name === "string")
    throw new CommandError(
      `there is the domain ${existing.name} for it`,
      "leave --name out, or write --replace for a draft of its own",
      ExitCode.no,
    );
  return existing === null
    ? drafted(context, subject, options)
    : beside(context, subject, existing);
}

interface Existing {
  readonly name: string;
  readonly file: string;
}

/** By the unit, else by the program. @throws HostError if several domains name the unit */
function domainFor({ places }: Context, { unit, started }: Subject): Existing | null {
  if (unit !== null) {
    const claims = allClaims(places);
    const names = [unit.name, templateOf(unit.name)];
    if (!claims.some((claim) => names.includes(claim.unit))) return null;
    const { domain, files } = domainOfUnit(unit.name, claims) ?? requireDomain(unit.name, claims);
    const instance = /@(.*)\.service$/.exec(unit.name)?.[1] ?? "";
    return { name: domain.endsWith("@") ? `${domain}${instance}` : domain, file: files[0] ?? "" };
  }
  const found = domainsOfProgram(places, started[0]?.program ?? "");
  if (found.length > 1)
    throw new CommandError(
      `several domains are for ${started[0]?.program}: ${found.map(({ name }) => name).join(", ")}`,
      "name one yourself: cofferdam run DOMAIN -- COMMAND",
      ExitCode.no,
    );
  return found[0] ?? null;
}

function domainsOfProgram(places: Context["places"], program: string): readonly Existing[] {
  return usablePolicies(places)
    .filter(({ policy }) => isFor(policy, program))
    .map(({ name, files }) => ({ name, file: files[0] ?? "" }));
}

function isFor({ entries }: Policy, program: string): boolean {
  return entries.some((entry) => entry.kind === "exec" && canonicalPath(entry.path) === program);
}

/** What this host has beyond a policy that is there. */
function beside(context: Context, subject: Subject, { name, file }: Existing): Chosen {
  const { evidence, seen } = collect(subject);
  const loaded = load(context.places, { name });
  if (loaded.policy === null)
    throw new CommandError(
      `the policy of ${name} cannot be used as it is`,
      `cofferdam check ${name}`,
    );
  const { places } = context;
  const host = hostFor(
    context,
    loaded.files,
    (text) => load(places, { name }, {}, { text }).policy,
  );
  const found = namesOnHost(context.places, { policy: loaded.policy, files: loaded.files });
  const policy = "problems" in found ? loaded.policy : found.policy;
  const { lines, left } = lacksOf(readFileSync(file, "utf8"), policy, evidence, seen.needs, {
    ...host,
    others: host.others.filter((one) => one.name !== name),
  });
  return { domain: name, file, text: null, lines, left: left + seen.left, similar: null };
}

function drafted(context: Context, subject: Subject, options: Options): Chosen {
  const { places } = context;
  const name = typeof options.name === "string" ? options.name : subject.name;
  if (parseDomainName(name) === null || name.endsWith("@"))
    throw new CommandError(
      `\`${name}\` is not the name of a domain`,
      "take letters, digits, `-`, `_` and `.`",
      ExitCode.usage,
    );
  const file = join(places.policies[0] ?? "", `${name}.yaml`);
  requireFree(context, name, file, options);
  const program = subject.started[0]?.program ?? "";
  const host = hostFor(context, [file], (text) => load(places, { file }, {}, { text }).policy);
  const others = host.others.filter((one) => one.name !== name && !isFor(one, program));
  const collected: Collected = collect(subject);
  const { evidence, seen } = collected;
  const made = draft(headOf(name, subject), evidence, seen.needs, { ...host, others });
  if (made === null)
    throw new CommandError(
      `no policy could be drafted for ${subject.target}: ${whyNot(context, file)}`,
      "see `cofferdam check`, and docs/language.md to write one",
    );
  const { text, lines } = made;
  const similar = domainsOfProgram(places, program).find((one) => one.name !== name)?.name ?? null;
  return { domain: name, file, text, lines, left: made.left + seen.left, similar };
}

/** A draft takes no policy's place unless it is told to, and a shipped one's only knowingly. */
function requireFree({ places }: Context, name: string, file: string, options: Options): void {
  const taken = existsSync(file) ? file : libraryFile(places, name);
  if (taken === null || options.replace === true || options.print === true) return;
  throw new CommandError(
    `there is a domain ${basename(taken, ".yaml")} already: ${taken}`,
    `\`cofferdam run ${name} -- COMMAND\` starts in it; --name NAME makes another one, and ` +
      "--replace drafts it anew",
    ExitCode.no,
  );
}

function whyNot({ places }: Context, file: string): string {
  const { diagnostics } = load(places, { file }, {}, { text: "include: [base]\n" });
  return diagnostics[0]?.message ?? "what was found makes no policy that can be loaded";
}
