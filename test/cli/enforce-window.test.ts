import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Turns } from "../../src/base/turns.ts";
import type { Context } from "../../src/cli/command.ts";
import { enforceWatched } from "../../src/cli/enforce/enforce.ts";
import type { WatchedHost } from "../../src/cli/enforce/watch.ts";
import { scratchFolder } from "../support/scratch.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Stands in for an agent whose answer takes longer than the daemon lives at the new level. */
async function agentThat(ordered: (level: string) => void): Promise<Context> {
  const control = join(scratchFolder("enforce"), "control");
  const server = createServer((request, answer) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      const { level } = JSON.parse(body);
      ordered(level);
      const change = { name: "tool", number: 1, before: null, level, until: null };
      answer.setHeader("content-type", "application/json");
      answer.end(JSON.stringify({ changes: [{ ...change, following: 1, restart: [] }] }));
    });
  });
  servers.push(server);
  server.listen(control);
  await once(server, "listening");
  return { places: { system: { control } } } as unknown as Context;
}

const options = {
  ...{ domain: "tool", units: [], restart: false, watch: 3, strict: false, isSettled: true },
  ...{ turns: new Turns(1), progress: () => undefined, say: () => undefined },
};

test("a daemon that ends before the order is answered does not pass", async () => {
  const orders: string[] = [];
  const context = await agentThat((level) => orders.push(level));
  let looks = 0;
  const host: WatchedHost = {
    units: () => [],
    runs: () => (orders.includes("enforcing") ? [] : [7]),
    log: () => ({ records: [], missing: 0 }),
    now: () => looks++ * 1_000,
    pause: () => Promise.resolve(),
  };
  const done = await enforceWatched(context, {
    ...{ ...options, host: () => host, signal: new AbortController().signal },
  });
  expect(done.outcome).toEqual({ state: "failed", why: "no process that ran in tool is left" });
  expect(done.level).toBe("warning");
  expect(orders).toEqual(["enforcing", "warning"]);
});

test("a domain whose turn comes after the signal is left as it is", async () => {
  const orders: string[] = [];
  const context = await agentThat((level) => orders.push(level));
  const host = (): WatchedHost => {
    throw new Error("it is not looked at");
  };
  const signal = AbortSignal.abort("SIGINT");
  const enforced = enforceWatched(context, { ...options, host, signal });
  await expect(enforced).rejects.toThrow("tool was not enforced: SIGINT came before its turn");
  expect(orders).toEqual([]);
});
