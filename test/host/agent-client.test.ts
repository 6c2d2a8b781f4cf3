import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  agentStatus,
  reloaded,
  shownChanges,
  shownDetails,
  shownDomains,
} from "../../src/host/agent-answers.ts";
import { askAgent, askAgentIfThere } from "../../src/host/agent-client.ts";
import { HostError } from "../../src/host/host-error.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder: string;
let server: Server | null = null;
beforeEach(() => {
  folder = scratchFolder("agent");
});
afterEach(async () => {
  server?.close();
  server = null;
  rmSync(folder, { recursive: true });
});

const socket = () => join(folder, "control.sock");

/** Somebody who answers every request so, in the agent's place. */
async function answering(text: string, status = 200): Promise<void> {
  server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { Connection: "close" }).end(text);
  }).listen(socket());
  await once(server, "listening");
}

const domain = {
  ...{ name: "web", number: 7, level: "warning", policyLevel: "enforcing", until: null },
  ...{ engine: "landlock", mediation: "supervised", switch: "live" },
  ...{
    runs: 1,
    processes: 2,
    inKernel: 0,
    filterBehind: 0,
    eventsToday: 0,
    drift: 0,
    exceptions: 0,
  },
  state: "good",
};

async function refusal(work: Promise<unknown>): Promise<HostError> {
  const error = await work.then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(HostError);
  return error as HostError;
}

test("an answer of this version is read, without the members that a newer one adds", async () => {
  await answering(JSON.stringify({ domains: [{ ...domain, colour: "red" }], more: 1 }));
  const answer = await askAgent(shownDomains, "GET", "/v1/domains", undefined, socket());
  expect(answer).toEqual({ domains: [domain] });
});

test.each<[string, unknown, string]>([
  ["a member of another type", { domains: [{ ...domain, number: "7" }] }, "domains[0].number"],
  ["a level of the future", { domains: [{ ...domain, level: "auditing" }] }, "domains[0].level"],
  ["no member", { domains: [{ ...domain, runs: undefined }] }, "domains[0].runs"],
  ["another shape", [domain], "the whole is not an object"],
])(
  "an agent of another version that answers with %s is told, with what to do",
  async (_, answer, named) => {
    await answering(JSON.stringify(answer));
    const error = await refusal(askAgent(shownDomains, "GET", "/v1/domains", undefined, socket()));
    expect(error.message).toContain(named);
    expect(error.message).toMatch(
      /^the agent gave an answer that this program does not understand: /,
    );
    expect(error.help).toContain("systemctl restart cofferdam-agent");
  },
);

test("half an answer, or none that is JSON, is not taken for one", async () => {
  await answering(JSON.stringify({ domains: [domain] }).slice(0, -4));
  const error = await refusal(askAgent(shownDomains, "GET", "/v1/domains", undefined, socket()));
  expect(error.message).toContain("it is no JSON, or not all of it");
});

test("a refusal is told as it was said; one of another form by its status", async () => {
  await answering(JSON.stringify({ error: "there is no domain `x`", help: "look" }), 404);
  const said = await refusal(askAgent(shownDetails, "GET", "/v1/x", undefined, socket()));
  expect([said.message, said.help]).toEqual(["there is no domain `x`", "look"]);
  server?.close();
  rmSync(socket(), { force: true });
  await answering("<html>", 502);
  const other = await refusal(askAgent(shownDetails, "GET", "/v1/x", undefined, socket()));
  expect(other.message).toBe("the agent answered 502");
});

test("where nobody listens there is no answer, and that is no mistake", async () => {
  expect(await askAgentIfThere(agentStatus, "/v1/status", socket())).toBeNull();
});

test.each([
  ["status", agentStatus],
  ["details", shownDetails],
  ["changes", shownChanges],
  ["reload", reloaded],
])("nothing is no %s", async (_, answer) => {
  await answering("{}");
  await refusal(askAgent(answer as typeof agentStatus, "GET", "/v1/x", undefined, socket()));
});
