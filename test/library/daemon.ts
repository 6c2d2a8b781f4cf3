import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/**
 * The daemons of the library: what an administrator and a client do with each. `daemons/NAME.yaml`
 * belongs to the domain NAME; docs/how-to-add-a-domain.md says how to write one.
 */
const folder = join(import.meta.dirname, "daemons");
const tests = join(import.meta.dirname, "..");

/** What the policy does not grant and the daemon does without, as an event says it. */
const refusal = z.strictObject({ access: z.string(), why: z.string() });
export type Refusal = z.infer<typeof refusal>;

/** Scripts are bash's; `$TEST` in them is the folder of tests. */
const written = z.strictObject({
  /** Debian packages of the daemon and of its client. */
  packages: z.array(z.string()).min(1),
  /** Prints what `VERSION` stands for in every other line, once the packages are installed. */
  version: z.string().optional(),
  /** The package that is upgraded; the first one, unless the unit is in another. */
  upgrade: z.string().optional(),
  /**
   * The daemon's own package, if it is not the upgraded one: its tests are run, its version is
   * shown. null for a template, of which Debian has no package.
   */
  tested: z.string().nullable().optional(),
  unit: z.string(),
  /** What is missing where the daemon is not installed. */
  program: z.string(),
  /** What a break-in takes over, where `program` only starts it. */
  daemon: z.string().optional(),
  /** Before its first start; left out where Debian's own configuration is enough. */
  configure: z.string().default(""),
  /** The client's work, in words that follow "the daemon ...". */
  work: z.string(),
  /** A client's work; its output contains `answer`. */
  client: z.string(),
  answer: z.string(),
  /** The same by a client of the network, of a daemon that serves what addresses the host gets. */
  overNetwork: z.strictObject({ client: z.string(), answer: z.string() }).optional(),
  /** What it prints is another after each reload that has succeeded. */
  reloaded: z.string().optional(),
  /** False where the unit's reload command ends the daemon, outside as well. */
  isReloaded: z.boolean().default(true),
  /** The configuration of logrotate for what it writes itself, if it does. */
  logrotate: z.string().nullable().default(null),
  /** Names of `refusals.yaml`, or refusals of its own. */
  refused: z.array(z.union([z.string(), refusal])).default([]),
  /** Of `everywhere.yaml`: what the policy grants on purpose. */
  granted: z.array(z.string()).default([]),
  /** Of `refused`, in the words of `ready`: what no rule can be about. */
  unruled: z.array(z.string()).default([]),
  /** Cases of `must-deny` that a program cannot try, each with the reason. */
  untried: z.record(z.string(), z.string()).default({}),
});

type Written = z.infer<typeof written>;

/** As far as every host of tests needs it. */
export interface Daemon
  extends Pick<Written, "unit" | "program" | "configure" | "client" | "answer"> {
  /** Of its domain. */
  readonly name: string;
  /** Its client has the host's address as `$ADDRESS`; only test/life uses it. */
  readonly overNetwork?: Written["overNetwork"];
  readonly reloaded?: string | undefined;
  readonly logrotate: string | null;
  readonly refused: readonly Refusal[];
  readonly unruled: readonly string[];
  /** null: what it runs is in no package. */
  readonly upgrade: string | null;
}

export interface LibraryDaemon extends Daemon {
  readonly packages: readonly string[];
  readonly upgrade: string;
  readonly tested: string | null;
  readonly daemon: string;
  readonly work: string;
  readonly isReloaded: boolean;
  readonly version: string | undefined;
  readonly granted: readonly string[];
  readonly untried: Readonly<Record<string, string>>;
}

export const names: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => basename(name, ".yaml"))
  .sort();

/** @throws Error that names the file, where it is not as it should be */
function readAs<T>(schema: z.ZodType<T>, file: string): T {
  const { data, error } = schema.safeParse(parse(readFileSync(file, "utf8")));
  if (error !== undefined) throw new Error(`${file}:\n${z.prettifyError(error)}`);
  return data as T;
}

const known = readAs(z.record(z.string(), refusal), join(import.meta.dirname, "refusals.yaml"));

function refusalOf(name: string, one: string | Refusal): Refusal {
  if (typeof one !== "string") return one;
  const found = known[one];
  if (found === undefined) throw new Error(`daemons/${name}.yaml: no \`${one}\` in refusals.yaml`);
  return found;
}

export function readDaemon(name: string): LibraryDaemon {
  if (!names.includes(name))
    throw new Error(`there is no ${join(folder, name)}.yaml; --new ${name} makes it`);
  const { daemon, upgrade, tested, refused, ...rest } = readAs(
    written,
    join(folder, `${name}.yaml`),
  );
  const upgraded = upgrade ?? rest.packages[0] ?? "";
  const made: LibraryDaemon = {
    ...rest,
    name,
    version: rest.version,
    daemon: daemon ?? rest.program,
    upgrade: upgraded,
    tested: tested === undefined ? upgraded : tested,
    refused: refused.map((one) => refusalOf(name, one)),
  };
  return inAll(made, (text) => text.replaceAll("$TEST", tests));
}

/** With the version of what is installed here, or where `run` goes, in place of `VERSION`. */
export function withVersion(
  daemon: LibraryDaemon,
  run: (script: string) => string = inBash,
): LibraryDaemon {
  if (daemon.version === undefined) return daemon;
  const version = run(daemon.version).trim();
  return inAll(daemon, (text) => text.replaceAll("VERSION", version));
}

function inBash(script: string): string {
  return spawnSync("bash", ["-c", script], { encoding: "utf8" }).stdout;
}

/** The same with each text in it changed. */
function inAll<T>(value: T, change: (text: string) => string): T {
  if (typeof value === "string") return change(value) as T;
  if (Array.isArray(value)) return value.map((one) => inAll(one, change)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, inAll(one, change)]),
  ) as T;
}

/** `*` in a refusal stands for any text, as in names of the host's own disks. */
export const isListed = ({ refused }: Pick<Daemon, "refused">, access: string): boolean =>
  refused.some((one) => matches(one, access) || isItsUse(one, access));

/**
 * The kernel's engine tells what is used (`use jit: ...`, `use net_admin`), and not by which call.
 */
function isItsUse(refusal: Refusal, access: string): boolean {
  const used = /^use \w+(?=:|$)/.exec(access)?.[0];
  return used !== undefined && refusal.access.startsWith(`${used} for `);
}

export function matches(refusal: Refusal, access: string): boolean {
  const parts = refusal.access.split("*").map((part) => part.replaceAll(/[^\w\s/]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(access);
}
