import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { PUBLIC_FILE } from "../../src/base/modes.ts";
import type { Diagnostic } from "../../src/diagnostics/diagnostic.ts";
import type { Policy } from "../../src/model/policy.ts";
import { type CheckContext, check, checkErrors } from "../../src/policy/3-check/check.ts";
import { type LoadedPolicy, loadPolicy, type PolicyReference } from "../../src/policy/load.ts";
import { scratchFolder } from "../support/scratch.ts";
import { snapshotOf } from "./snapshot.ts";
import { vocabulary } from "./vocabulary.ts";

/**
 * `case.json` of a fixture: what beside its files decides the outcome. All parts may be left out.
 */
interface Case {
  /** File to load, `web.yaml` unless said; or a name that is looked for in the fixture's folder. */
  readonly load?: string | { readonly name: string };
  /** Folders of the fixture that do not count for the caller. */
  readonly elsewhere?: readonly string[];
  readonly set?: Readonly<Record<string, string>>;
  /** Files whose bytes git would not keep: each character is one byte. */
  readonly write?: Readonly<Record<string, string>>;
  readonly chmod?: Readonly<Record<string, string>>;
  /** User id of the new owner: only root can do that. */
  readonly chown?: Readonly<Record<string, number>>;
  readonly symlink?: Readonly<Record<string, string>>;
  readonly fifo?: string;
  /** Bytes of `web.yaml`. */
  readonly size?: number;
  /** Names on the host: `/a/` a directory, `/a -> b` a link, else a file. */
  readonly snapshot?: readonly string[];
  /** Files of other policies that the check knows. */
  readonly others?: readonly string[];
  readonly ownObjects?: readonly string[];
  readonly facts?: CheckContext["facts"];
  readonly engine?: "landlock" | "bpf-lsm";
  /** By the program or the unit of an entry: why nothing enters by it. */
  readonly keptOutside?: Readonly<Record<string, string>>;
  /** Programs of the host that have one. */
  readonly executableStacks?: readonly string[];
  readonly users?: readonly string[];
}

export interface Outcome {
  readonly loaded: LoadedPolicy;
  /** Of loading and checking. */
  readonly diagnostics: readonly Diagnostic[];
  readonly text: string;
  /** What `checkErrors` says. */
  readonly errors: readonly Diagnostic[];
}

/** Whether setting the case up takes root. */
export function changesOwner(folder: string): boolean {
  return readCase(folder).chown !== undefined;
}

/** Copies a fixture to a scratch folder, prepares it as its `case.json` says, loads and checks. */
export function runFixture(folder: string): Outcome {
  const scratch = scratchFolder("policy");
  try {
    cpSync(folder, scratch, { recursive: true });
    const described = readCase(folder);
    prepare(scratch, described);
    return load(scratch, described);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function readCase(folder: string): Case {
  const file = join(folder, "case.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Case) : {};
}

function prepare(scratch: string, described: Case): void {
  execFileSync("chmod", ["-R", "go-w", scratch]);
  for (const [name, bytes] of Object.entries(described.write ?? {})) {
    mkdirSync(dirname(join(scratch, name)), { recursive: true });
    writeFileSync(join(scratch, name), Buffer.from(bytes, "latin1"), { mode: PUBLIC_FILE });
  }
  if (described.size !== undefined)
    writeFileSync(join(scratch, "web.yaml"), "#".repeat(described.size), { mode: PUBLIC_FILE });
  for (const [name, target] of Object.entries(described.symlink ?? {}))
    symlinkSync(target, join(scratch, name));
  if (described.fifo !== undefined)
    execFileSync("mkfifo", ["-m", "644", join(scratch, described.fifo)]);
  for (const [name, mode] of Object.entries(described.chmod ?? {}))
    chmodSync(join(scratch, name), Number.parseInt(mode, 8));
  for (const [name, uid] of Object.entries(described.chown ?? {}))
    chownSync(join(scratch, name), uid, uid);
}

function load(scratch: string, described: Case): Outcome {
  const wanted = described.load ?? "web.yaml";
  const reference: PolicyReference =
    typeof wanted === "string"
      ? join(scratch, wanted)
      : {
          name: wanted.name,
          searchPath: [scratch],
          elsewhere: (described.elsewhere ?? []).map((folder) => join(scratch, folder)),
        };
  const loaded = loadPolicy(reference, { vocabulary, set: described.set ?? {} });
  const others = (described.others ?? []).map((name) =>
    required(loadPolicy(join(scratch, name), { vocabulary })),
  );
  const context: CheckContext = {
    file: join(scratch, "web.yaml"),
    snapshot: described.snapshot === undefined ? null : snapshotOf(described.snapshot),
    ...(described.others === undefined ? {} : { others: () => others }),
    ownObjects: described.ownObjects ?? [],
    neverGranted: vocabulary.groups.get("@never") ?? [],
    facts: described.facts ?? null,
    ...(described.engine && { engine: described.engine }),
    whyKeptOutside: (entry) =>
      described.keptOutside?.[entry.kind === "exec" ? entry.path : entry.unit] ?? null,
    hasExecutableStack: (path) => described.executableStacks?.includes(path) ?? false,
    incomplete: loaded.policy === null,
    accounts:
      described.users === undefined
        ? null
        : { users: new Set(described.users), groups: new Set(described.users) },
  };
  const { understood } = loaded;
  const diagnostics = [
    ...loaded.diagnostics,
    ...(understood === null ? [] : check(understood, context)),
  ];
  const errors = understood === null ? [] : checkErrors(understood, context);
  const ids = String(process.geteuid?.() ?? 0);
  const text = diagnostics
    .map((diagnostic) => `${line(diagnostic).replaceAll(scratch, "DIR")}\n`)
    .join("")
    .replaceAll(`chown ${ids} `, "chown UID ");
  return { loaded, diagnostics, errors, text };
}

function required(loaded: LoadedPolicy): Policy {
  if (loaded.policy === null)
    throw new Error(`a policy of the fixture is wrong: ${loaded.diagnostics.map(line).join("; ")}`);
  return loaded.policy;
}

function line({ file, line, column, length, severity, code, message, help }: Diagnostic): string {
  return `${file}:${line}:${column}+${length} ${severity} ${code}: ${message}\n    ${help}`;
}
