import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { compile } from "../../../src/compile/compile.ts";
import { hostSnapshot } from "../../../src/compile/host-snapshot.ts";
import type { CompileOptions } from "../../../src/compile/options.ts";
import { type FeatureName, featureNames, type HostFacts } from "../../../src/kernel/host-facts.ts";
import { noWordRules } from "../../../src/kinds/model.ts";
import { Permission, permissionLetters } from "../../../src/model/permission.ts";
import type {
  AddressRule,
  NameRule,
  Policy,
  Source,
  TokenRule,
} from "../../../src/model/policy.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { scratchFolder } from "../../support/scratch.ts";

export const source: Source = { file: "test.yaml", line: 1, column: 1, text: "rule" };

/** `rw /srv/**`, `deny r /srv/x`, `connect unix NAME`, `listen unix NAME`. */
export function nameRule(text: string): NameRule {
  const words = text.split(" ");
  const effect = words[0] === "deny" ? "deny" : "allow";
  const [operation = "", ...rest] = effect === "deny" ? words.slice(1) : words;
  const pattern = rest.at(-1) ?? "";
  const permissions =
    rest.length === 2
      ? operation === "connect"
        ? Permission.connect
        : Permission.listen
      : [...operation].reduce(
          (set, letter) => set | permissionLetters[letter as keyof typeof permissionLetters],
          0,
        );
  return { effect, permissions, pattern, source: { ...source, text } };
}

export const token = <T extends string>(
  name: T,
  effect: "allow" | "deny" = "allow",
): TokenRule<T> => ({
  effect,
  token: name,
  source,
});

export function address(
  operation: "connect" | "listen",
  protocol: "tcp" | "udp",
  first: number,
  last = first,
): AddressRule {
  return {
    effect: "allow",
    operation,
    protocol,
    network: null,
    ports: { first, last },
    source: { ...source, text: `${operation} ${protocol} ${first}` },
  };
}

export function policy(
  change: Partial<Omit<Policy, "names">> & { names?: readonly string[] } = {},
): Policy {
  const { names = [], ...rest } = change;
  return {
    name: "test",
    summary: "",
    level: "enforcing",
    mediation: "sealed",
    entries: [],
    addresses: [],
    sockets: [],
    ...noWordRules,
    syscalls: [
      "read",
      "write",
      "openat",
      "open",
      "mkdir",
      "unlink",
      "chmod",
      "socket",
      "connect",
      "bind",
      "rename",
    ].map((name) => token(name)),
    signals: [token("self")],
    transitions: [],
    user: null,
    group: null,
    setUserId: [],
    coreDumps: "none",
    lateNames: "sealed",
    bestEffort: [],
    ...rest,
    names: names.map(nameRule),
  };
}

/** A host on which every probe says yes but these. */
export function host(
  without: readonly FeatureName[] = [],
  change: Partial<HostFacts> = {},
): HostFacts {
  const features = Object.fromEntries(
    featureNames.map((name) => [
      name,
      without.includes(name) ? { state: "no", why: "switched off by the test" } : { state: "yes" },
    ]),
  ) as HostFacts["features"];
  return {
    kernel: { release: "6.18.0", version: "#1", machine: "x86_64" },
    landlockAbi: 7,
    features,
    caller: { uid: 0, gid: 0, capabilities: (1n << 41n) - 1n },
    cgroup2: "/sys/fs/cgroup",
    ptraceScope: 0,
    corePattern: "core",
    ...change,
  };
}

export const anchor = {
  anchor: "/sys/fs/cgroup/cofferdam/test",
  programs: [{ attachType: 10, tag: new Uint8Array(8) }],
};

export function options(change: Partial<CompileOptions> = {}): CompileOptions {
  return {
    facts: host(),
    snapshot: hostSnapshot(),
    files: [],
    absent: [],
    own: [],
    prepareCgroup: () => Promise.resolve(anchor),
    ...change,
  };
}

export async function planOf(written: Policy, change: Partial<CompileOptions> = {}): Promise<Plan> {
  const { plan, diagnostics } = await compile(written, options(change));
  if (plan === null) throw new Error(diagnostics.map(({ message }) => message).join("; "));
  return plan;
}

export async function codesOf(
  written: Policy,
  change: Partial<CompileOptions> = {},
): Promise<string[]> {
  return (await compile(written, options(change))).diagnostics.map(({ code }) => code);
}

/**
 * A scratch tree: names ending in `/` are directories, `name -> target` symbolic links, the rest
 * files. Removed by `drop`.
 */
export function tree(names: readonly string[]): { root: string; drop: () => void } {
  const root = scratchFolder("compile");
  for (const entry of names) {
    const [name = "", target] = entry.split(" -> ");
    const path = join(root, name);
    mkdirSync(name.endsWith("/") ? path : dirname(path), { recursive: true });
    if (target !== undefined) symlinkSync(target, path);
    else if (!name.endsWith("/")) writeFileSync(path, "");
  }
  return { root, drop: () => rmSync(root, { recursive: true }) };
}
