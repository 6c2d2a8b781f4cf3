import { Permission } from "../../model/permission.ts";
import type { Level, Policy } from "../../model/policy.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { addressWays, type OwnAddress, ownAddresses } from "./addresses.ts";
import { type Control, controls, OUTSIDE, type ReachDomain, type Way } from "./hop.ts";
import { mySide, type NamesSide, nameWays, sideOutside, theirSide } from "./names.ts";
import { outsideRules } from "./outside.ts";
import { wordWays } from "./words.ts";

/** What a break-in into one domain reaches. */
export interface Reach {
  readonly domain: string;
  /** The domain itself first, then by number of hops. */
  readonly reached: readonly Reached[];
  /** From every domain that was reached, strongest first. */
  readonly hops: readonly Hop[];
}

export interface Reached {
  readonly domain: string;
  /** null for the programs outside every domain. */
  readonly level: Level | null;
  readonly hops: number;
  /** The domain from which it is reached first; null for the first one. */
  readonly from: string | null;
}

export interface Hop {
  readonly from: string;
  readonly to: string;
  /** The strongest of the ways. */
  readonly control: Control;
  /** Strongest first. */
  readonly ways: readonly Way[];
}

export interface ReachHost {
  /** Of all domains, the one that was broken into included. */
  readonly domains: readonly ReachDomain[];
  readonly snapshot: Snapshot;
  /** Of this host, loopback included, as text. */
  readonly addresses: readonly string[];
}

/**
 * Follows the grants of all domains from the one that was broken into. What only can be stopped is
 * reached, but nothing is reached through it. @throws AutomatonTooLarge
 */
export function reach(start: string, host: ReachHost): Reach {
  const finder = new HopFinder(host);
  const levels = new Map(host.domains.map(({ name, level }) => [name, level]));
  const levelOf = (domain: string) => levels.get(domain) ?? null;
  const reached = new Map<string, Reached>();
  const hops: Hop[] = [];
  const brokenInto = new Map([[start, 0]]);
  reached.set(start, { domain: start, level: levelOf(start), hops: 0, from: null });
  for (const [from, distance] of brokenInto) {
    for (const hop of finder.hopsFrom(from)) {
      hops.push(hop);
      const { to, control } = hop;
      const isBrokenInto = control !== "stop" && !brokenInto.has(to);
      // A way in says more than a shorter way that only stops the domain.
      if (isBrokenInto || !reached.has(to))
        reached.set(to, { domain: to, level: levelOf(to), hops: distance + 1, from });
      if (isBrokenInto) brokenInto.set(to, distance + 1);
    }
  }
  const byDistance = [...reached.values()].sort((one, other) => one.hops - other.hops);
  return { domain: start, reached: byDistance, hops };
}

interface Sides {
  readonly mine: NamesSide;
  readonly theirs: NamesSide;
}

class HopFinder {
  readonly #host: ReachHost;
  readonly #addresses: readonly OwnAddress[];
  readonly #outside: NamesSide;
  readonly #sides = new Map<string, Sides>();

  constructor(host: ReachHost) {
    this.#host = host;
    this.#addresses = ownAddresses(host.addresses);
    const bound = host.domains.flatMap(({ policy }) =>
      policy.names.filter(
        ({ effect, permissions }) => effect === "allow" && (permissions & Permission.listen) !== 0,
      ),
    );
    const [any] = host.domains;
    // Only its name and its rules about names are looked at.
    const policy = { ...(any?.policy as Policy), name: OUTSIDE, names: outsideRules(bound) };
    this.#outside = sideOutside(policy);
  }

  hopsFrom(from: string): readonly Hop[] {
    const domain = this.#host.domains.find(({ name }) => name === from);
    // Nothing lies behind the programs outside every domain.
    if (domain === undefined) return [];
    const others = this.#host.domains.filter(({ name }) => name !== from);
    const hops = [this.#toOutside(domain), ...others.map((other) => this.#between(domain, other))];
    return hops
      .filter(({ ways }) => ways.length > 0)
      .sort((one, other) => rank(one.control) - rank(other.control));
  }

  #toOutside(domain: ReachDomain): Hop {
    const { policy } = domain;
    const names = nameWays(this.#sidesOf(policy).mine, this.#outside, OUTSIDE, this.#host.snapshot);
    return hopOf(domain.name, OUTSIDE, [
      ...levelWays(domain),
      ...names,
      ...wordWays(policy, OUTSIDE),
    ]);
  }

  #between({ name, policy }: ReachDomain, other: ReachDomain): Hop {
    const { mine } = this.#sidesOf(policy);
    const { theirs } = this.#sidesOf(other.policy);
    return hopOf(name, other.name, [
      ...nameWays(mine, theirs, other.name, this.#host.snapshot),
      ...addressWays(policy, other.policy, this.#addresses),
      ...transitionWays(policy, other.name),
      ...wordWays(policy, other.name),
    ]);
  }

  #sidesOf(policy: Policy): Sides {
    const known = this.#sides.get(policy.name);
    if (known !== undefined) return known;
    const sides = { mine: mySide(policy), theirs: theirSide(policy) };
    this.#sides.set(policy.name, sides);
    return sides;
  }
}

function hopOf(from: string, to: string, ways: readonly Way[]): Hop {
  const sorted = ways.toSorted((one, other) => rank(one.control) - rank(other.control));
  return { from, to, control: sorted[0]?.control ?? "stop", ways: sorted };
}

function rank(control: Control): number {
  return controls.indexOf(control);
}

/** Nothing holds a domain below enforcing back, whatever its policy says. */
function levelWays({ level }: ReachDomain): readonly Way[] {
  if (level === "enforcing") return [];
  const how = `is at level ${level}: nothing is held back`;
  return [{ control: "code", how, witness: null, exists: false, mine: null, theirs: null }];
}

/** The program in the other domain gets arguments, environment and descriptors of the caller. */
function transitionWays({ transitions }: Policy, other: string): readonly Way[] {
  return transitions
    .filter(({ into }) => into === other)
    .map(({ path, source }) => ({
      ...{ control: "data", how: `may start ${path} in ${other}`, witness: path },
      ...{ exists: false, mine: source, theirs: null },
    }));
}
