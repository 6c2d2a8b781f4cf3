import * as is from "../base/schema.ts";
import { eachSection, type WordSection, type Words, wordKinds } from "../kinds/model.ts";
import {
  bestEffortNames,
  controlCommands,
  coreDumps,
  lateNames,
  levels,
  mediations,
  type NameRule,
  type TokenRule,
} from "../model/policy.ts";
import { isWord } from "../model/word-kind.ts";
import type { MediationPlan } from "./plan.ts";

const { text } = is;
const effect = is.oneOf("allow", "deny");

const source = is.object({
  file: text,
  line: is.whole(),
  column: is.whole(),
  length: is.optional(is.whole()),
  text,
  until: is.optional(is.whole()),
});

/** JSON carries an address's bytes as an array of numbers. */
const bytes = is.mapped(is.list(is.whole(0, 255)), (numbers) => Uint8Array.from(numbers));

/**
 * A running domain's plan may be of an older version, which accepted further names that had no
 * effect.
 */
const bestEffort = is.mapped(is.list(text), (layers) =>
  layers.filter((layer) => isWord(layer, bestEffortNames)),
);

/**
 * There may be hundreds of rules about names and system calls. A schema of their members took a
 * mediator 10 ms of processor time and 6 MB at its start, so a function checks them.
 */
function isNameRule(value: unknown): value is NameRule {
  return (
    isRule(value) && typeof value.pattern === "string" && Number.isSafeInteger(value.permissions)
  );
}

function isTokenRule(value: unknown): value is TokenRule {
  return isRule(value) && typeof value.token === "string";
}

/** The members that every rule has; others may be anything. */
function isRule(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!is.isObject(value) || (value.effect !== "allow" && value.effect !== "deny")) return false;
  const { source: where } = value;
  return (
    is.isObject(where) &&
    typeof where.file === "string" &&
    typeof where.text === "string" &&
    Number.isSafeInteger(where.line) &&
    Number.isSafeInteger(where.column) &&
    (where.length === undefined || Number.isSafeInteger(where.length)) &&
    (where.until === undefined || Number.isSafeInteger(where.until))
  );
}

type WordSchemas = {
  readonly [S in WordSection]: is.Schema<readonly TokenRule<Words[S]>[]>;
};

/**
 * The plan of a running domain may be of a version that lacked a kind. Its filter then notifies
 * nothing that asks for the kind's words, and it grants none.
 */
const wordRules = eachSection<WordSchemas>((section) =>
  is.added(rulesOf(wordKinds[section].words), []),
);

function rulesOf<T extends string>(words: readonly T[] | null) {
  return is.listOf(
    (value): value is TokenRule<T> => isTokenRule(value) && isWord(value.token, words),
    "rule",
  );
}

const policy: is.Schema<MediationPlan["policy"]> = is.object({
  name: text,
  summary: text,
  level: is.oneOf(...levels),
  mediation: is.oneOf(...mediations),
  entries: is.list(
    is.kinds(
      "kind",
      is.object({ kind: is.oneOf("exec"), path: text }),
      is.object({
        kind: is.oneOf("unit"),
        unit: text,
        outside: is.optional(is.list(is.oneOf(...controlCommands))),
      }),
    ),
  ),
  names: is.listOf(isNameRule, "rule about names"),
  addresses: is.list(
    is.object({
      effect,
      operation: is.oneOf("connect", "listen"),
      protocol: is.oneOf("tcp", "udp"),
      network: is.nullable(
        is.object({ family: is.oneOf(4, 6), address: bytes, prefix: is.whole(0, 128) }),
      ),
      ports: is.object({ first: is.whole(), last: is.whole() }),
      source,
    }),
  ),
  sockets: is.list(
    is.object({
      effect,
      family: is.oneOf("netlink", "ping", "raw", "packet", "vsock"),
      protocol: is.nullable(is.whole()),
      source,
    }),
  ),
  ...wordRules,
  transitions: is.list(is.object({ path: text, into: text, source })),
  user: is.nullable(text),
  group: is.nullable(text),
  setUserId: is.list(text),
  coreDumps: is.oneOf(...coreDumps),
  // The plan of a running domain may be of a version that had no such key.
  lateNames: is.added(is.oneOf(...lateNames), "sealed"),
  bestEffort,
});

const held = is.oneOf("kernel", "broker", "refused");

export const mediationSchema: is.Schema<MediationPlan> = is.object({
  policy,
  events: text,
  live: is.boolean,
  sockets: is.object({ inet: held, unix: held }),
  aliases: is.optional(
    is.list(is.object({ written: text, canonical: text, links: is.list(text) })),
  ),
  kernelCreates: is.list(text),
  inodes: is.optional(is.list(is.object({ path: text, inode: text }))),
  report: is.object({
    layers: is.list(
      is.object({ name: text, state: is.oneOf("enforced", "partial", "lost"), detail: text }),
    ),
    brokered: is.list(is.object({ call: text, why: text, price: text })),
    expanded: is.list(is.object({ rule: text, into: is.list(text) })),
    lost: is.list(is.object({ rule: text, why: text })),
    resolved: is.list(is.object({ written: text, canonical: text })),
    pinned: is.list(is.object({ path: text, inode: text })),
  }),
});
