import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { enforceAll } from "../../src/cli/enforce/all.ts";
import { scratchPlaces } from "../agent/scratch-places.ts";
import { scratchFolder } from "../support/scratch.ts";
import { hearing } from "./hearing.ts";

const inUse = {
  ...{ number: 7, level: "warning", policyLevel: "enforcing", until: null, engine: "landlock" },
  ...{ mediation: "sealed", switch: "live", runs: 1, processes: 1, eventsToday: 0, state: "good" },
};
const domains = ["memcached", "nginx"].map((name) => ({ ...inUse, name }));
const details = { file: "", problems: null, givenBy: null, running: [], units: [], policy: null };

/** Stands in for an agent that is slow to tell of nginx, and refuses to give a level. */
async function agentThat(
  heard: (asked: string) => void,
  ordered: (count: number) => void = () => undefined,
): Promise<string> {
  let orders = 0;
  const control = join(scratchFolder("enforce"), "control");
  const server = createServer(async ({ method, url = "" }, answer) => {
    heard(`${method} ${url}`);
    const [, , , domain = "", part] = url.split("/");
    if (domain === "nginx" && part === undefined) await pause(300);
    answer.setHeader("content-type", "application/json");
    if (method === "PUT") {
      ordered(++orders);
      await pause(100);
      orders--;
      answer.statusCode = 500;
      answer.end(JSON.stringify({ error: "no", help: "none" }));
    } else if (domain === "") answer.end(JSON.stringify({ domains }));
    else if (part === "evidence")
      answer.end(JSON.stringify({ name: domain, digest: null, evidence: null, behind: false }));
    else answer.end(JSON.stringify({ ...inUse, name: domain, ...details }));
  });
  onTestFinished(() => void server.close());
  server.listen(control);
  await once(server, "listening");
  return control;
}

test("no order is given before all domains are judged", async () => {
  const heard: string[] = [];
  const control = await agentThat((asked) => heard.push(asked));
  const places = scratchPlaces(scratchFolder("enforce"), join(import.meta.dirname, "../.."));
  const { context } = hearing({ ...places, system: { ...places.system, control } });
  const done = await enforceAll(context, { anyway: true });
  expect(done.map(({ domain, failed }) => [domain, failed])).toEqual([
    ["memcached", "no; none"],
    ["nginx", "no; none"],
  ]);
  const first = heard.findIndex((asked) => asked.startsWith("PUT"));
  expect(heard.slice(0, first)).toContain("GET /v1/domains/nginx/evidence");
  expect(heard.filter((asked) => asked.startsWith("PUT"))).toHaveLength(2);
});

test("domains are enforced one after another", async () => {
  const counts: number[] = [];
  const control = await agentThat(
    () => undefined,
    (count) => counts.push(count),
  );
  const places = scratchPlaces(scratchFolder("enforce"), join(import.meta.dirname, "../.."));
  const { context } = hearing({ ...places, system: { ...places.system, control } });
  await enforceAll(context, { anyway: true });
  expect(counts).toEqual([1, 1]);
});
