import { join } from "node:path";
import { hostSnapshot } from "../../compile/host-snapshot.ts";
import { hasError } from "../../diagnostics/diagnostic.ts";
import {
  type Exception,
  exceptionsPath,
  exceptionsText,
  placeOfGrant,
} from "../../domains/exceptions.ts";
import { eachUsablePolicy, load } from "../../host/load.ts";
import type { Places } from "../../host/places.ts";
import { namesOnHost } from "../../host/usable-names.ts";
import { socketProtocols } from "../../kinds/sockets/model.ts";
import { AutomatonTooLarge } from "../../model/automaton/too-large.ts";
import type { Change } from "../../model/change.ts";
import { decide } from "../../model/decide.ts";
import { difference } from "../../model/difference.ts";
import { changeExceptionRules } from "../../model/exception-rules.ts";
import { isOwnObject } from "../../model/own-objects.ts";
import type { Entry, Policy, Source } from "../../model/policy.ts";
import type { Request } from "../../model/request.ts";
import { meet } from "../../policy/3-check/overlap.ts";
import type { LoadedPolicy } from "../../policy/load.ts";
import { judgeDangers } from "../../suggest/dangers.ts";
import type { Proposal } from "../../suggest/proposal.ts";
import { treeOf } from "../../suggest/tree.ts";
import { ApiError } from "../api/api-error.ts";

/** systemd.unit(5). */
const UNIT_FOLDERS = ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system"];

/** Deny rules that are named to the administrator who adds an exception; more are counted. */
const DENIALS_NAMED_MAX = 3;

/** What an exception would change. */
export interface Judged {
  /** Why a person should think twice; see `suggest/dangers.ts`. */
  readonly dangers: readonly string[];
  /** Denials of the policy that take away some of it: deny beats allow. */
  readonly denials: readonly string[];
}

/** Lets the agent answer its other callers. */
const pause = (): Promise<void> => new Promise(setImmediate);

/**
 * `now`: the exceptions in force; `added`: one more. By canonical names, as this host decides. It
 * reads every policy of the host, and pauses after each: in its longest step the agent does what it
 * does at a reload of one domain, whose limits bound it. A process of its own would read all of
 * them anew for one line.
 * @throws ApiError if the line cannot be used, or grants nothing that is not granted
 */
export async function judgeException(
  places: Places,
  domain: string,
  now: readonly Exception[],
  added: Exception,
): Promise<Judged> {
  const before = onHost(places, domain, now, "");
  await pause();
  const compared = { before, after: onHost(places, domain, [...now, added], "with this line ") };
  await pause();
  const own = alone(places, compared.after, now.length);
  try {
    const { changes } = difference(compared.before, compared.after);
    const allowed = changes.filter(({ effect }) => effect === "allowed");
    if (allowed.length === 0) throw grantsNothing(compared, own, added);
    return {
      dangers: await dangersOf(places, compared, own, added, allowed),
      denials: denialsOf(compared, own),
    };
  } catch (error) {
    if (!(error instanceof AutomatonTooLarge)) throw error;
    throw new ApiError(409, error.message, "grant fewer names");
  }
}

/** `when`: beginning of the message about a policy that cannot be used. */
function onHost(places: Places, domain: string, list: readonly Exception[], when: string): Policy {
  const exceptions = Buffer.from(exceptionsText(list));
  const loaded = load(places, { name: domain }, {}, { exceptions });
  const { policy, files } = loaded;
  if (policy === null) throw unusable(`${when}the policy of \`${domain}\``, domain, loaded);
  const names = namesOnHost(places, { policy, files });
  if ("problems" in names)
    throw new ApiError(
      409,
      `${when}the policy of \`${domain}\` is about too many names`,
      "grant fewer names",
    );
  return names.policy;
}

function unusable(policy: string, domain: string, { diagnostics }: LoadedPolicy): ApiError {
  const [first] = diagnostics.filter((one) => hasError([one]));
  return new ApiError(
    409,
    `${policy} cannot be used: ${first?.message}`,
    first?.help ?? `cofferdam check ${domain} tells more`,
  );
}

interface Compared {
  readonly before: Policy;
  readonly after: Policy;
}

/** What was asked for is granted already, or refused whatever the policy grants. */
function grantsNothing({ after }: Compared, own: Policy, { section, line }: Exception): ApiError {
  const nothing = changeExceptionRules(own, () => []);
  const asked = difference(nothing, own).changes;
  const denied = asked
    .map(({ example }) => decide(after, example))
    .find(({ outcome }) => outcome === "denied");
  const what = `\`${section}: ${line}\``;
  if (asked.length === 0)
    return new ApiError(
      409,
      `${what} grants nothing by itself`,
      "to execute or map a file its domain must be granted to read it: `rx`",
    );
  if (denied === undefined || denied.outcome === "granted")
    return new ApiError(409, `the policy grants ${what} already`, "no exception is needed");
  if (denied.reason === "own-object")
    return new ApiError(
      409,
      `${what} belongs to Cofferdam, which no domain may touch`,
      "nothing was changed",
    );
  const rule = denied.by === null ? "a rule of the policy" : `\`${denied.by.text}\``;
  return new ApiError(
    409,
    `${rule} refuses ${what}: deny beats allow, and an exception, too`,
    "remove that rule from the policy, if this is to be granted",
  );
}

/** The rules of one exception. */
function alone(places: Places, policy: Policy, index: number): Policy {
  const file = exceptionsPath(places.system.exceptions, policy.name);
  const { line } = placeOfGrant(index);
  const isOwn = ({ source }: { readonly source: Source }): boolean =>
    source.file === file && source.line === line;
  return changeExceptionRules(policy, (rules) => rules.filter(isOwn));
}

/** Of names, which one pattern may deny within another. */
function denialsOf({ after }: Compared, { names }: Policy): readonly string[] {
  const denials = after.names.filter(
    (rule) =>
      rule.effect === "deny" &&
      !isOwnObject(rule.source) &&
      names.some(
        (grant) => (grant.permissions & rule.permissions) !== 0 && meet([grant], [], [rule]),
      ),
  );
  const texts = [...new Set(denials.map(({ source }) => source.text))];
  const left = texts.length - DENIALS_NAMED_MAX;
  return [...texts.slice(0, DENIALS_NAMED_MAX), ...(left > 0 ? [`and ${left} more`] : [])];
}

async function dangersOf(
  places: Places,
  { before, after }: Compared,
  own: Policy,
  { section, line }: Exception,
  allowed: readonly Change<Request>[],
): Promise<readonly string[]> {
  const others: Policy[] = [];
  for (const { policy } of eachUsablePolicy(places)) {
    if (policy.name !== after.name) others.push(policy);
    await pause();
  }
  const { exists, isSetUserId } = treeOf(hostSnapshot());
  const listeners = others.filter(
    ({ entries }) => entries.length === 0 || entries.some((one) => isThere(one, exists)),
  );
  const dangers = judgeDangers({ before, after, others, listeners, isSetUserId });
  const asked = [...allowed.map(({ example }) => example), ...soughtIfNew(before, after)];
  const proposal: Omit<Proposal, "section"> = {
    line,
    because: null,
    wider: null,
    needs: asked.map((request) => ({ request, ...unseen })),
  };
  // Judged by where links lead, too: `included` has the names that the rules have on this host.
  const included = own.names.map(({ pattern, permissions }) => ({ pattern, permissions }));
  return [
    ...new Set([
      ...dangers({ ...proposal, section, addresses: own.addresses }),
      ...dangers({ ...proposal, section: "include", included }),
    ]),
  ];
}

/** Shipped domains are policies of daemons that may not be installed; their ports are free then. */
function isThere(entry: Entry, exists: (path: string) => boolean): boolean {
  if (entry.kind === "exec") return exists(entry.path);
  return UNIT_FOLDERS.some((folder) => exists(join(folder, entry.unit)));
}

/** No process has asked for it yet. */
const unseen = { count: 0, first: "", last: "", programs: [], pids: [] } as const;

/** `netlink *` is shown by one example; a break-in looks for each protocol. */
const sought: readonly Request[] = Object.values(socketProtocols.netlink).map(
  (protocol): Request => ({ class: "socket", family: "netlink", protocol }),
);

function soughtIfNew(before: Policy, after: Policy): readonly Request[] {
  return sought.filter(
    (one) => decide(before, one).outcome !== "granted" && decide(after, one).outcome === "granted",
  );
}
