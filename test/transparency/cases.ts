import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, test } from "vitest";
import { PUBLIC_FOLDER } from "../../src/base/modes.ts";
import { compileC } from "../support/compile-c.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";

const clone = path.resolve(import.meta.dirname, "../..");
const programs = path.join(import.meta.dirname, "programs");
export const NOBODY = 65534;
/** Compiling, then running every case twice on a machine with other work, milliseconds. */
export const SUITE_TIMEOUT_MS = 900_000;
/** Fewer would mean that the programs were not compiled together. */
export const CASES_MIN = 500;
/**
 * As `programs/transparent.h` has it: a run of the tests tries a third of the thousand ways to open
 * a name as each of the three users, and so each of them once. A fault of one way, or of one kind
 * of name, shows in every run as every user; a fault of a single way with a single name as a single
 * user in every third. `COFFERDAM_TRANSPARENCY=whole` tries all as each user.
 */
export const TURNS = 3;
const isWhole = process.env.COFFERDAM_TRANSPARENCY === "whole";
const firstTurn = Date.now() % TURNS;

/**
 * The user who starts a domain (`as`, the caller if null), and the user that the cases run as
 * within it.
 */
export interface Identity {
  readonly name: string;
  readonly as: number | null;
  readonly inner?: number;
}

/** Root where the tests are root's, an ordinary user in any case. */
const user: Identity = { name: "user", as: process.geteuid?.() === 0 ? NOBODY : null };
const root: Identity = { name: "root", as: null };
const rootThenUser: Identity = { name: "root-user", as: null, inner: NOBODY };
const identities: readonly Identity[] = [user, root, rootThenUser];

export function compileCases(program: string): void {
  const sources = fs.readdirSync(programs).filter((file) => file.endsWith(".c"));
  const warnings = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-missing-field-initializers",
    "-Wno-unused-result",
  ];
  const paths = sources.map((file) => path.join(programs, file));
  compileC(program, paths, ["-D_GNU_SOURCE", "-O1", ...warnings, "-pthread"]);
}

/** The compiled cases, in a folder that goes away with them. */
export class Cases {
  readonly folder = scratchFolder("transparency", { mode: PUBLIC_FOLDER });
  readonly program = path.join(this.folder, "bin", "cases");

  compile(): void {
    fs.mkdirSync(path.dirname(this.program));
    compileCases(this.program);
  }

  remove(): void {
    // Some cases go deeper than a path may be long.
    execFileSync("rm", ["-rf", this.folder]);
  }

  /**
   * What every case printed outside any domain, and in one with the policy that `policy` writes for
   * the place where the cases run.
   */
  both(identity: Identity, policy: (place: string) => string): { outside: Seen; inside: Seen } {
    const place = path.join(this.folder, identity.name);
    const file = path.join(place, "transparent.yaml");
    const owner = identity.as ?? process.geteuid?.() ?? 0;
    fs.mkdirSync(place);
    fs.writeFileSync(file, policy(path.join(place, "inside")));
    for (const made of [place, file]) fs.chownSync(made, owner, owner);
    const cofferdam = [path.join(clone, "bin/cofferdam"), "run", "--policy", file, "--"];
    const outside = this.#run(identity, place, "outside", []);
    const inside = this.#run(identity, place, "inside", cofferdam);
    expect([...inside.keys()]).toEqual([...outside.keys()]);
    expect(outside.size).toBeGreaterThan(CASES_MIN);
    return { outside, inside };
  }

  #run(identity: Identity, place: string, where: string, before: readonly string[]): Seen {
    const { as, inner } = identity;
    const scratch = path.join(place, where);
    fs.mkdirSync(scratch);
    if (as !== null) fs.chownSync(scratch, as, as);
    const file = path.join(place, `${where}.out`);
    const out = fs.openSync(file, "w");
    const become =
      as === null ? [] : ["setpriv", `--reuid=${as}`, `--regid=${as}`, "--clear-groups"];
    const [command = "", ...rest] = [
      ...become,
      ...before,
      this.program,
      "run",
      scratch,
      inner === undefined ? "-" : `${inner}`,
      "",
      ...(isWhole ? [] : [`${turnOf(identity)}`]),
    ];
    const env = { PATH: process.env.PATH ?? "", HOME: place };
    const { status } = spawnSync(command, rest, {
      stdio: ["ignore", out, "inherit"],
      env,
      cwd: place,
    });
    fs.closeSync(out);
    expect(status, `${command} ${rest.join(" ")}`).toBe(0);
    return byCase(fs.readFileSync(file, "utf8"));
  }
}

function turnOf(identity: Identity): number {
  return (firstTurn + identities.indexOf(identity)) % TURNS;
}

/** What each case printed, by its name. */
export type Seen = ReadonlyMap<string, string>;

export function byCase(output: string): Seen {
  return new Map(
    output
      .split(/^== /m)
      .slice(1)
      .map((part) => [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n") + 1)]),
  );
}

/** Names of the cases that printed something else inside. */
export function differing({ outside, inside }: { outside: Seen; inside: Seen }): string[] {
  return [...outside].filter(([name, seen]) => inside.get(name) !== seen).map(([name]) => name);
}

/** The lines of a case that differ, for a developer who must find the reason. */
export function shown({ outside, inside }: { outside: Seen; inside: Seen }, name: string): string {
  const [before, after] = [outside, inside].map((seen) => (seen.get(name) ?? "").split("\n")) as [
    string[],
    string[],
  ];
  const lines = before.map((line, index) =>
    line === after[index] ? [] : [`  outside ${line}`, `  inside  ${after[index]}`],
  );
  return [name, ...lines.flat()].join("\n");
}

/** The users who run the cases: `compare` for each, as tests of that promise. */
export function asEachIdentity(promise: string, compare: (identity: Identity) => void): void {
  describe(promise, () => {
    test("as root", { timeout: SUITE_TIMEOUT_MS }, (context) => {
      needsRoot(context);
      compare(root);
    });
    test("as root, the cases as an ordinary user", { timeout: SUITE_TIMEOUT_MS }, (context) => {
      needsRoot(context);
      compare(rootThenUser);
    });
    test("as an ordinary user", { timeout: SUITE_TIMEOUT_MS }, () => compare(user));
  });
}
