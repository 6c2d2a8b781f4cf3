import type {
  AgentStatus,
  Reloaded,
  ShownChange,
  ShownChanges,
  ShownDetails,
  ShownDomains,
} from "../../host/agent-answers.ts";
import type { AgentService } from "../agent-service.ts";
import type { LevelChange } from "../levels.ts";
import { follows, needsRestart, runsOf } from "../runs.ts";
import { listDomains, showDetails } from "../show.ts";
import { showStatus } from "../status.ts";
import { noSuchDomain, requireDomain } from "./domain-of.ts";
import type { AnswerField, BodyField, Route } from "./route.ts";

const forSeconds: BodyField = {
  name: "seconds",
  type: "seconds",
  required: false,
  doc:
    "for how long; then what counted before counts again. Without it the level stays, over " +
    "restarts of agent and host",
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
    doc: "in force for new starts and for processes that follow; null where it cannot be known",
  },
  { name: "policyLevel", doc: "what the policy's file says" },
  { name: "until", doc: "when the level ends by itself, ISO 8601; null: it stays" },
  { name: "engine", doc: "`landlock`" },
  { name: "mediation", doc: "of the next start: `sealed` or `supervised`" },
  {
    name: "switch",
    doc:
      "`live`: a new level reaches every process at once; `restart`: not all; null: " +
      "nothing runs",
  },
  { name: "runs", doc: "starts that still have processes" },
  { name: "processes", doc: "processes in the domain" },
  { name: "eventsToday", doc: "denials and warnings of the host's day, repeats counted" },
  { name: "state", doc: "`bad`: the file as it is cannot be used, what was in force still is" },
];

const changeFields: readonly AnswerField[] = [
  { name: "changes[].name, .number", doc: "of the domain" },
  { name: "changes[].before, .level", doc: "level before and now" },
  { name: "changes[].until", doc: "when it ends by itself; null: it stays" },
  { name: "changes[].following", doc: "runs that have the new level already" },
  {
    name: "changes[].restart[]",
    doc: "runs that keep the level of their start: `pid`, `command`, and `how` to restart them",
  },
];

const reloadFields: readonly AnswerField[] = [
  { name: "domains[].name, .number", doc: "of the domain" },
  {
    name: "domains[].outcome",
    doc: "`unchanged`, `changed`, `new`, `gone`, or `bad`: what was in force still is",
  },
  { name: "domains[].problems", doc: "with `bad`: what `cofferdam check` says" },
  { name: "domains[].following", doc: "runs that have the new policy already" },
  {
    name: "domains[].restart[]",
    doc: "runs that keep the policy of their start: `pid`, `command`, `how`",
  },
];

/** All of the control API, version 1. */
export const routes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/status",
    access: "read",
    summary: "the agent and the shared mediator, and what they count",
    body: [],
    answer: [
      { name: "pid, since", doc: "of the agent" },
      {
        name: "domains, bad",
        doc: "how many there are, and the names of those whose file cannot be used",
      },
      { name: "levels", doc: "how many domains are at `enforcing`, `warning`, `disabled`" },
      { name: "relaxed", doc: "those that are not at enforcing: `name`, `level`, `until`" },
      { name: "runs", doc: "starts that still have processes, by `sealed` and `supervised`" },
      { name: "mediator", doc: "`state`, `pid`, `restarts`; null where none is kept" },
      { name: "sessions", doc: "the same of the session server, which is for sandboxed shells" },
      {
        name: "refusals",
        doc: "the collector of the kernel's refusals; `landlock`, `programs`: why they are unseen",
      },
      {
        name: "events",
        doc:
          "`today`: `denied`, `warned`, `lost` of the host's day, repeats counted; `lost` " +
          "(not written yet told of), `problem` that keeps the log from being written, " +
          "`forwarding`: sinks that cannot be had",
      },
      {
        name: "refusedPeers",
        doc: "connections sent away: from inside domains, from mediators, too many",
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
    summary: "one domain; its policy and its processes for those who own them",
    body: [],
    answer: [
      ...domainFields,
      { name: "file", doc: "of the policy" },
      { name: "problems", doc: "why the file as it is cannot be used; null where it is in force" },
      { name: "givenBy", doc: "author and time of the given level; null for the policy's own" },
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
    summary: "take the level back: the policy's own counts again",
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
    summary: "take all given levels back: each policy's own counts again",
    body: [],
    answer: changeFields,
    async handle(agent, { by }): Promise<ShownChanges> {
      const changes = await agent.giveLevel(null, null, null, by);
      return { changes: changes.map((change) => showChange(agent, change)) };
    },
  },
  {
    method: "POST",
    path: "/v1/domains/{domain}/reload",
    access: "administer",
    summary: "bring one domain up to its file",
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
    summary: "bring all domains up to their files",
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
    summary: "look now, and not within ten seconds, whether logins are led to the session server",
    body: [],
    answer: [
      { name: "state, pid, restarts", doc: "of the session server; null where none is kept" },
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
