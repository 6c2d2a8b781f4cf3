import { addresses } from "../kinds/addresses/model.ts";
import {
  representativesOf,
  type WordRequest,
  type WordSection,
  wordSections,
} from "../kinds/model.ts";
import { names, twoNames } from "../kinds/names/model.ts";
import { sockets } from "../kinds/sockets/model.ts";
import { type Change, effectOf } from "./change.ts";
import { decide } from "./decide.ts";
import type { Entry, Policy } from "./policy.ts";
import type { Request } from "./request.ts";

/** What `b` means that `a` does not, and the reverse. */
export interface Difference {
  readonly settings: readonly SettingChange[];
  /** Of the grants, whatever the levels are. */
  readonly changes: readonly Change<Request>[];
}

/** Settings that hold several values have those that only one of the policies has. */
export interface SettingChange {
  /** As the key of a policy file. */
  readonly setting: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/**
 * Compares what two policies mean. Order, duplicates, includes and rules that others cover make no
 * difference. Names are compared as they are written: no host's links are followed.
 * @throws AutomatonTooLarge
 */
export function difference(a: Policy, b: Policy): Difference {
  const changes = [
    ...Object.values(byClass).flatMap((compare) => compare(a, b)),
    ...wordSections.flatMap((section) => wordChanges(section, a, b)),
  ];
  return { settings: settingChanges(a, b), changes };
}

type OtherRequest = Exclude<Request, WordRequest>;

/** The type checker refuses a class of requests that is left out. */
const byClass: {
  readonly [C in OtherRequest["class"]]: (a: Policy, b: Policy) => readonly Change<Request>[];
} = {
  name: (a, b) => names.changes(a.names, b.names),
  "two-names": (a, b) => twoNames.changes(a.names, b.names),
  address: (a, b) => addresses.changes(a.addresses, b.addresses),
  socket: (a, b) => sockets.changes(a.sockets, b.sockets),
};

function wordChanges(section: WordSection, a: Policy, b: Policy): readonly Change<Request>[] {
  const named = new Set([...a[section], ...b[section]].map(({ token }) => token));
  return representativesOf(section, named).flatMap(({ line, request }): Change<Request>[] => {
    const effect = effectOf(decide(a, request), decide(b, request));
    return effect === null ? [] : [{ effect, section, line, isPart: false, example: request }];
  });
}

type Setting = Exclude<
  keyof Policy,
  "name" | "summary" | "names" | "addresses" | "sockets" | WordSection
>;

/** Each as a set of texts. The type checker refuses a member of `Policy` that is left out. */
const settings: {
  readonly [S in Setting]: { readonly key: string; readonly of: (policy: Policy) => string[] };
} = {
  level: { key: "level", of: ({ level }) => [level] },
  mediation: { key: "mediation", of: ({ mediation }) => [mediation] },
  entries: { key: "enter", of: ({ entries }) => entries.map(entryText) },
  transitions: {
    key: "transitions",
    of: ({ transitions }) => transitions.map(({ path, into }) => `${path} -> ${into}`),
  },
  user: { key: "user", of: ({ user }) => [user ?? "the caller's"] },
  group: { key: "group", of: ({ group }) => [group ?? "the caller's"] },
  setUserId: { key: "set-user-id", of: ({ setUserId }) => [...setUserId] },
  coreDumps: { key: "core-dumps", of: ({ coreDumps }) => [coreDumps] },
  lateNames: { key: "late-names", of: ({ lateNames }) => [lateNames] },
  bestEffort: { key: "best-effort", of: ({ bestEffort }) => [...bestEffort] },
};

function settingChanges(a: Policy, b: Policy): readonly SettingChange[] {
  return Object.values(settings).flatMap(({ key, of }) => {
    const [before, after] = [of(a), of(b)];
    const lost = onlyIn(before, after);
    const gained = onlyIn(after, before);
    const isSame = lost.length === 0 && gained.length === 0;
    return isSame ? [] : [{ setting: key, before: lost, after: gained }];
  });
}

function onlyIn(these: readonly string[], those: readonly string[]): readonly string[] {
  return [...new Set(these)].filter((one) => !those.includes(one)).sort();
}

function entryText(entry: Entry): string {
  if (entry.kind === "exec") return `exec ${entry.path}`;
  const outside = [...new Set(entry.outside ?? [])].sort();
  return `unit ${entry.unit}${outside.length === 0 ? "" : ` without ${outside.join(", ")}`}`;
}
