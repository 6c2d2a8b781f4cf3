/**
 * Runs on the booted host, as a bundle: prints a `Width` for each policy file that is named.
 */
import { basename } from "node:path";
import { hostSnapshot } from "../../src/compile/host-snapshot.ts";
import { load } from "../../src/host/load.ts";
import { places } from "../../src/host/places.ts";
import { namesOnHost } from "../../src/host/usable-names.ts";
import { namesAsked } from "../../src/model/automaton/build.ts";
import { Permission } from "../../src/model/permission.ts";
import type { NameRule } from "../../src/model/policy.ts";
import { isWithin, prefixOf } from "../../src/model/within.ts";
import type { Width } from "./result.ts";

/** Where the package has them. */
const HOME = "/usr/lib/cofferdam";
const SHIPPED = "/usr/share/cofferdam/domains";

const CHANGES = Permission.write | Permission.create | Permission.delete | Permission.attributes;

const here = places({ uid: 0, env: process.env, home: HOME, shipped: SHIPPED });
const snapshot = hostSnapshot();

/** A file that need not lie where policies are looked for. */
function namesOf(file: string, text?: string): readonly NameRule[] {
  const instead = text === undefined ? {} : { text };
  const { policy, diagnostics } = load(here, { file }, {}, instead);
  if (policy === null) throw new Error(`${file}: ${diagnostics.map((one) => one.message)}`);
  const found = namesOnHost(here, { policy, files: [file] }, snapshot);
  if ("problems" in found) throw new Error(`${file}: its names are too many`);
  return found.policy.names;
}

/**
 * Every name below one of these, and itself, but those of processes, which come and go; links are
 * not followed.
 */
function* namesBelow(tops: readonly string[]): Generator<string> {
  const left = tops.filter((top) => snapshot.lookup(top) !== null);
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (/^\/proc\/(?:\d|self$|thread-self$)/.test(at)) continue;
    yield at;
    if (snapshot.lookup(at)?.kind !== "directory") continue;
    for (const name of snapshot.list(at) ?? []) left.push(`${at === "/" ? "" : at}/${name}`);
  }
}

const base = namesAsked(namesOf("/etc/cofferdam/domains/width.yaml", "include: [base]\n"));
const policies = process.argv.slice(2).map((file) => {
  const rules = namesOf(file);
  return { file, rules, letters: namesAsked(rules), reached: 0, own: 0, changed: 0 };
});
// Where no rule begins, none reaches.
const begins = [...new Set(policies.flatMap(({ rules }) => rules.map(prefixOf)))];
const tops = begins.filter((one) => !begins.some((top) => one !== top && isWithin(one, top)));
for (const name of namesBelow(tops)) {
  for (const policy of policies) {
    const found = policy.letters(name);
    if (found === 0) continue;
    policy.reached += 1;
    if (base(name) === 0) policy.own += 1;
    if ((found & CHANGES) !== 0) policy.changed += 1;
  }
}
const widths: Record<string, Width> = {};
for (const { file, reached, own, changed } of policies)
  widths[basename(file)] = { reached, own, changed };
process.stdout.write(JSON.stringify(widths));
