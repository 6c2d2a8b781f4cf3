import { follows } from "../../domains/runs.ts";
import type {
  AgentStatus,
  Arrival,
  AttachedPrograms,
  MadePlan,
  Reloaded,
  ShownChange,
  ShownChanges,
  ShownDetails,
  ShownDomains,
} from "../../host/agent-answers.ts";
import type { ShownEvidence } from "../../host/evidence.ts";
import type { AgentService } from "../agent-service.ts";
import type { LevelChange } from "../levels.ts";
import { makePlanOfView } from "../plan-of-view.ts";
import { attachInUnit } from "../programs-in-unit.ts";
import { needsRestart, runsOf } from "../runs.ts";
import { listDomains, showDetails } from "../show.ts";
import { showStatus } from "../status.ts";
import { noSuchDomain, requireDomain } from "./domain-of.ts";
import { exceptionRoutes } from "./exception-routes.ts";
import { PLAN_WAIT_MAX_MS } from "./limits.ts";
import type { AnswerField, BodyField, Route } from "./route.ts";

const forSeconds: BodyField = {
  name: "seconds",
  type: "seconds",
  required: false,
  doc:
    "for how long; then the agent restores the previous level. Without it the level stays, " +
    "also over restarts of agent and host",
};
const levelField: BodyField = {
  name: "level",
  type: "level",
  required: true,
  doc: "`enforcing`, `warning` or `disabled`",
};

const domainFields: readonly AnswerField[] = [
  { name: "name", doc: "of the domain" },
  { name: "number", doc: "the domain keeps it for ever" },
  {
    name: "level",
    doc: "in force for new starts and for supervised processes; null if unknown",
  },
  { name: "policyLevel", doc: "what the policy's file says" },
  { name: "until", doc: "end of a level that was set for a time, ISO 8601; else null" },
  { name: "engine", doc: "that holds its processes, or the next start: `landlock` or `bpf-lsm`" },
  {
    name: "mediation",
    doc:
      "of the next start: `sealed` or `supervised`; `kernel`: this host's engine does not start " +
      "it; null with `bpf-lsm`",
  },
  {
    name: "switch",
    doc:
      "`live`: a new level reaches every process at once; `restart`: not all; null: " +
      "nothing runs",
  },
  { name: "runs", doc: "starts that still have processes" },
  { name: "processes", doc: "processes in the domain" },
  { name: "inKernel", doc: "processes that the bpf-lsm engine holds" },
  {
    name: "filterBehind",
    doc:
      "processes of the bpf-lsm engine whose filter of system calls is that of another level, " +
      "until a restart",
  },
  { name: "eventsToday", doc: "denials and warnings since the host's midnight, with repeats" },
  {
    name: "drift",
    doc: "granted names that running sealed processes no longer reach: their number",
  },
  { name: "exceptions", doc: "grants that end by themselves: their number" },
  {
    name: "state",
    doc: "`bad`: the policy file is broken, and the previous policy stays in force",
  },
];

const evidenceFields: readonly AnswerField[] = [
  { name: "name", doc: "of the domain" },
  { name: "digest", doc: "of the policy in force" },
  { name: "behind", doc: "whether the agent has more of the log to read" },
  {
    name: "evidence",
    doc:
      "null unless the domain is at level warning. `since`, `begun`: from when what was seen " +
      "counts, and why (`level` or `policy`); `policySince`: since when the policy in force is " +
      "the present one; `starts`, `lastStart`; `needs[]`: accesses that were warned about " +
      "(`class`, `operation`, `object` or `request`, `reason`, `help`, `count`, `first`, `last`, " +
      "`program`); `gaps[]`: what may have been missed (`kind`, `what`, `count`, `last`); " +
      "`usedSince`: from when mediators have seen all uses of grants, `used[]`: ids of grants " +
      "that were used, `fresh[]`: grants that the policy got meanwhile (`line`, `since`, and " +
      "`starts` until then)",
  },
];

const changeFields: readonly AnswerField[] = [
  { name: "changes[].name, .number", doc: "of the domain" },
  { name: "changes[].before, .level", doc: "level before and now" },
  { name: "changes[].until", doc: "end of a level that was set for a time; else null" },
  { name: "changes[].following", doc: "number of runs that follow the new level" },
  {
    name: "changes[].restart[]",
    doc: "runs that keep the level of their start: `pid`, `command`, and `how` to restart them",
  },
];

const reloadFields: readonly AnswerField[] = [
  { name: "domains[].name, .number", doc: "of the domain" },
  {
    name: "domains[].outcome",
    doc: "`unchanged`, `changed`, `new`, `gone`, or `bad`: the previous policy stays in force",
  },
  { name: "domains[].problems", doc: "with `bad`: what `cofferdam check` says" },
  {
    name: "domains[].absent[]",
    doc: "accounts that a start needs and this host does not have; nothing runs in the domain",
  },
  { name: "domains[].following", doc: "number of runs that have the new policy" },
  {
    name: "domains[].notFollowed",
    doc: "changed words that runs which started before do not follow: `memory jit`",
  },
  {
    name: "domains[].restart[]",
    doc: "runs that keep the policy of their start: `pid`, `command`, `how`",
  },
];

/** Version 1. */
export const routes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/status",
    access: "read",
    summary: "the agent, the shared mediator and their counters",
    body: [],
    answer: [
      { name: "pid, since", doc: "of the agent" },
      {
        name: "domains, bad",
        doc: "number of domains, and names of those whose file is broken",
      },
      { name: "levels", doc: "how many domains are at `enforcing`, `warning`, `disabled`" },
      { name: "relaxed", doc: "those that are not at enforcing: `name`, `level`, `until`" },
      {
        name: "exceptions",
        doc: "domains that have some: `name`, `count`, and `until`, the end of the first one",
      },
      { name: "runs", doc: "starts that still have processes, by `sealed` and `supervised`" },
      { name: "mediator", doc: "`state`, `pid`, `restarts`; null if the agent starts none" },
      { name: "sessions", doc: "the same of the session server, which is for sandboxed shells" },
      {
        name: "refusals",
        doc:
          "the collector of the kernel's refusals; `landlock`, `programs`: why such refusals are " +
          "not logged; `capabilities`: why their use at level warning is not",
      },
      {
        name: "drift",
        doc:
          "the watch over granted names of sealed domains: `runs`, `names`, `directories`; " +
          "`elsewhere`: names on network and user-space file systems, which are not looked at; " +
          "`problems`: what is not noticed at once",
      },
      {
        name: "events",
        doc:
          "`today`: `denied`, `warned` and `lost` since the host's midnight, with repeats; " +
          "`lost`: not written and not reported yet; `problem`: why the log cannot be written; " +
          "`forwarding`: logs that cannot be reached",
      },
      {
        name: "refusedPeers",
        doc: "refused connections: from domains, from mediators, or too many",
      },
      { name: "memory", doc: "resident bytes of the agent" },
    ],
    handle: (agent): AgentStatus => showStatus(agent),
  },
  {
    method: "GET",
    path: "/v1/domains",
    access: "read",
    summary: "all domains, by number",
    body: [],
    answer: domainFields.map(({ name, doc }) => ({ name: `domains[].${name}`, doc })),
    handle: (agent): ShownDomains => ({ domains: listDomains(agent) }),
  },
  {
    method: "GET",
    path: "/v1/domains/{domain}",
    access: "read",
    summary: "one domain; its policy and its processes for root and for users who run it",
    body: [],
    answer: [
      ...domainFields,
      { name: "file", doc: "of the policy" },
      { name: "problems", doc: "why the policy file is broken; null if it is in force" },
      { name: "givenBy", doc: "who set the level, and when; null for the policy's own level" },
      {
        name: "running[]",
        doc: "runs: `pid`, `mode`, `live`, `levelAtStart`, `holder`, `daemon`, `uid`, `command`",
      },
      { name: "units", doc: "systemd units that the policy names" },
      { name: "policy", doc: "as one file without includes and variables" },
    ],
    handle: (agent, { domain, by, administers }): ShownDetails =>
      showDetails(agent, requireDomain(agent, domain), administers ? null : by.uid),
  },
  {
    method: "GET",
    path: "/v1/domains/{domain}/evidence",
    access: "administer",
    summary: "what the agent has seen of a domain since it is at level warning",
    body: [],
    answer: evidenceFields,
    handle: (agent, { domain }): ShownEvidence =>
      agent.evidence.shown(requireDomain(agent, domain)),
  },
  {
    method: "PUT",
    path: "/v1/domains/{domain}/level",
    access: "administer",
    summary: "give a domain another level",
    body: [levelField, forSeconds],
    answer: changeFields,
    async handle(agent, { domain, body, by }): Promise<ShownChanges> {
      const changes = await agent.giveLevel(domain, body.level ?? null, body.seconds ?? null, by);
      if (changes.length === 0) throw noSuchDomain(agent, domain);
      return { changes: changes.map((change) => showChange(agent, change)) };
    },
  },
  {
    method: "DELETE",
    path: "/v1/domains/{domain}/level",
    access: "administer",
    summary: "return to the level in the policy",
    body: [],
    answer: changeFields,
    async handle(agent, { domain, by }): Promise<ShownChanges> {
      const changes = await agent.giveLevel(domain, null, null, by);
      if (changes.length === 0) throw noSuchDomain(agent, domain);
      return { changes: changes.map((change) => showChange(agent, change)) };
    },
  },
  {
    method: "PUT",
    path: "/v1/level",
    access: "administer",
    summary: "give all domains another level",
    body: [levelField, forSeconds],
    answer: changeFields,
    async handle(agent, { body, by }): Promise<ShownChanges> {
      const changes = await agent.giveLevel(null, body.level ?? null, body.seconds ?? null, by);
      return { changes: changes.map((change) => showChange(agent, change)) };
    },
  },
  {
    method: "DELETE",
    path: "/v1/level",
    access: "administer",
    summary: "return to the policy's level for all domains",
    body: [],
    answer: changeFields,
    async handle(agent, { by }): Promise<ShownChanges> {
      const changes = await agent.giveLevel(null, null, null, by);
      return { changes: changes.map((change) => showChange(agent, change)) };
    },
  },
  {
    method: "POST",
    path: "/v1/domains/{domain}/plan",
    access: "administer",
    summary:
      "make the ready plan of a unit with mounts of its own, for what the process that asks sees",
    body: [
      { name: "unit", type: "unit", required: true, doc: "`NAME.service`, whose plan it is" },
      {
        ...{ name: "groups", type: "groups", required: false },
        doc: "supplementary groups of the unit, with colons between",
      },
    ],
    answer: [{ name: "domain, unit", doc: "whose plan lies ready" }],
    waitMs: PLAN_WAIT_MAX_MS,
    async handle(
      { places },
      { domain, body: { unit = "", groups = null }, peer },
    ): Promise<MadePlan> {
      await makePlanOfView(places, { peer, domain, unit, groups });
      return { domain, unit };
    },
  },
  {
    method: "POST",
    path: "/v1/domains/{domain}/programs",
    access: "administer",
    summary:
      "attach the domain's address programs to the group that the asking launcher has made in " +
      "its systemd unit",
    body: [{ name: "anchor", type: "anchor", required: true, doc: "`DOMAIN.DIGEST`, of its plan" }],
    answer: [
      { name: "domain", doc: "whose programs they are" },
      { name: "programs", doc: "attached there now, each as `HOOK TAG` (bpf(2), tag in hex)" },
    ],
    async handle(_, { domain, body: { anchor = "" }, peer }): Promise<AttachedPrograms> {
      return { domain, programs: await attachInUnit({ peer, domain, anchor }) };
    },
  },
  {
    method: "POST",
    path: "/v1/domains/{domain}/arrival",
    access: "administer",
    summary:
      "have the next execve of the launcher that asks lead into the domain, which the bpf-lsm " +
      "engine holds",
    body: [{ ...levelField, doc: "of its plan; refused if the domain has another one now" }],
    answer: [{ name: "domain, level", doc: "that it will be in, and is prepared for" }],
    // As long as a reload of many domains may take before it.
    waitMs: PLAN_WAIT_MAX_MS,
    async handle(agent, { domain, body: { level = "enforcing" }, peer }): Promise<Arrival> {
      await agent.lead(domain, { peer, level });
      return { domain, level };
    },
  },
  ...exceptionRoutes,
  {
    method: "POST",
    path: "/v1/domains/{domain}/reload",
    access: "administer",
    summary: "apply a changed policy file",
    body: [],
    answer: reloadFields,
    async handle(agent, { domain, by }): Promise<Reloaded> {
      const domains = await agent.reload(domain, by);
      if (domains.every(({ outcome, number }) => outcome === "gone" && number === null))
        throw noSuchDomain(agent, domain);
      return { domains };
    },
  },
  {
    method: "POST",
    path: "/v1/reload",
    access: "administer",
    summary: "apply all changed policy files",
    body: [],
    answer: reloadFields,
    handle: async (agent, { by }): Promise<Reloaded> => ({
      domains: await agent.reload(null, by),
    }),
  },
  {
    method: "POST",
    path: "/v1/sessions",
    access: "administer",
    summary:
      "check at once whether logins lead to the session server; the agent checks by itself every " +
      "ten seconds",
    body: [],
    answer: [
      { name: "state, pid, restarts", doc: "of the session server; null if the agent starts none" },
    ],
    handle: (agent) => {
      agent.logins.look();
      return { ...agent.logins.sessions?.state };
    },
  },
];

function showChange(
  agent: AgentService,
  { entry, before, level, until }: LevelChange,
): ShownChange {
  const { name, number, policy } = entry;
  const runs = runsOf(agent.places.system.runs, name, number);
  const behind = runs.filter((run) => !follows(run) && run.level !== level);
  return {
    ...{ name, number, before, level, until },
    following: runs.filter(follows).length,
    restart: behind.map((run) => needsRestart(run, policy)),
  };
}
