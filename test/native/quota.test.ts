import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import {
  type Claimant,
  openPlaces,
  placesBeside,
  takenPlaces,
  takePlace,
} from "../../src/domains/mediator-places.ts";
import { close } from "../../src/kernel/ffi.ts";
import { PLACES_OF_HOST, PLACES_OF_ONE } from "../../src/plan/mediator-places.ts";
import { needsRoot } from "../support/skip.ts";
import { Front, NOBODY } from "./front.ts";

/** Mediators that serve one run, and the places for them; stand-ins, see fake-node.c. */
const front = new Front();
const places = placesBeside(front.socket);
const held: number[] = [];
let children: ChildProcess[] = [];
afterAll(() => front.close());

beforeEach((context) => {
  needsRoot(context);
  rmSync(join(front.work, "made"), { recursive: true, force: true });
  front.takeLog("mediator.log");
});

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
  for (const fd of held.splice(0)) close(fd);
  rmSync(front.socket, { force: true });
});

/** Takes places as other mediators would; how many there were. */
function hold(count: number, claimant: Claimant): number {
  for (let taken = 0; taken < count; taken++) {
    const fd = openPlaces(places);
    held.push(fd);
    if (!takePlace(fd, claimant)) return taken;
  }
  return count;
}

/** All of the host's, by daemons of root's. */
function fill(): void {
  for (let index = 0; hold(1, { domain: `other-${index}`, uid: 0 }) === 1; index++);
  expect(takenPlaces(places)).toHaveLength(PLACES_OF_HOST);
}

async function share(rule: string): Promise<void> {
  front.setDist("mediator.rule", rule);
  const line = [front.socket, join(front.dist, "mediator.js")];
  const server = spawn(front.node, ["shared", ...line], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(server);
  await once(server.stdout, "data");
}

function plan(domain = front.domain(), uid = 0) {
  const made = front.plan(
    (base) => ({
      ...base,
      identity: { ...base.identity, user: uid === 0 ? null : { uid, gid: uid, groups: [] } },
    }),
    domain,
  );
  front.put(made);
  return made;
}

/** A run that does a line of its standard input after the other. */
function start(domain: string) {
  const [command, ...args] = front.line("self", ["run", domain, "--", "sh"]);
  const child = spawn(command, args, { cwd: front.work, stdio: ["pipe", "pipe", "pipe"] });
  children.push(child);
  let text = "";
  for (const output of [child.stdout, child.stderr])
    output.on("data", (data) => {
      text += data;
    });
  return {
    child,
    async line(words: string): Promise<string> {
      text = "";
      child.stdin.write(`${words} 2>&1; echo over\n`);
      await expect.poll(() => text).toContain("over\n");
      return text;
    },
  };
}

const log = () => front.takeLog("mediator.log").map((line) => line.replace(/ pid.*/, ""));

test("a mediator of one run has a place while it lives, however it ends", async () => {
  front.setDist("mediator.rule", "deny");
  const { domain } = plan();
  const run = start(domain);
  expect(await run.line("true")).toBe("over\n");
  expect(takenPlaces(places), "no call yet").toEqual([]);
  expect(await run.line("mkdir made")).toContain("Operation not permitted");
  expect(takenPlaces(places)).toEqual([{ domain, uid: 0 }]);
  const [, mediator = "", holder = ""] =
    /^start pid (\d+) parent (\d+)/m.exec(front.takeLog("mediator.log").join("\n")) ?? [];
  process.kill(Number(holder), "SIGKILL");
  expect(takenPlaces(places), "its mediator lives").toEqual([{ domain, uid: 0 }]);
  process.kill(Number(mediator), "SIGKILL");
  await expect.poll(() => takenPlaces(places)).toEqual([]);
});

test("where the host has no place a start is refused, and says what to do", () => {
  front.setDist("mediator.rule", "deny");
  fill();
  const { domain } = plan();
  const { status, stdout, stderr } = front.run("self", ["run", domain, "--", "echo", "started"]);
  expect([status, stdout]).toEqual([125, ""]);
  expect(stderr).toContain("this host has all mediators it may have");
  expect(stderr).toContain(domain);
  expect(stderr).toMatch(/help: .*cofferdam status.*/);
});

test("without a place the shared mediator is asked for room, and its answer counts", async () => {
  fill();
  const { domain } = plan();
  await share("deny");
  const run = () => front.run("self", ["run", domain, "--", "sh", "-c", "mkdir made"]);
  expect(run().stderr).toContain("Operation not permitted");
  expect(log().slice(0, 3)).toEqual(["asked", "shared", "start"]);
  front.setDist("mediator.rule", "full");
  expect(run().status).toBe(125);
});

test("one user's runs of a domain have a share, and others find room", () => {
  front.setDist("mediator.rule", "deny");
  const crowd = plan(undefined, NOBODY);
  const claimant = { domain: crowd.domain, uid: NOBODY };
  expect(hold(PLACES_OF_HOST, claimant)).toBe(PLACES_OF_ONE);
  const refused = front.run("self", ["run", crowd.domain, "--", "true"]);
  expect(refused.status).toBe(125);
  expect(refused.stderr).toContain(
    "this user's runs of the domain have all mediators they may have",
  );
  expect(refused.stderr).toContain(`${crowd.domain} ${NOBODY}`);
  const other = front.run("self", ["run", plan(undefined, NOBODY).domain, "--", "true"]);
  expect([other.status, other.stderr]).toEqual([0, ""]);
});

test("a run that the shared mediator does not take has its own at once", async () => {
  await share("elsewhere,deny");
  const { domain } = plan();
  const line = ["run", domain, "--", "sh", "-c", "mkdir made"];
  expect(front.run("self", line).stderr).toContain("Operation not permitted");
  expect(log().slice(0, 2)).toEqual(["start elsewhere", "start"]);
});

test("where the last place went since, calls are refused until there is room", async () => {
  front.setDist("mediator.rule", "continue");
  const { domain } = plan();
  const run = start(domain);
  await run.line("true");
  fill();
  expect(await run.line("mkdir made; mkdir made; mkdir made")).toMatch(
    /(.*Permission denied\n){3}over\n/,
  );
  await expect.poll(() => log()).toEqual(["tells refused"]);
  for (const fd of held.splice(0)) close(fd);
  await expect
    .poll(() => run.line("mkdir made && echo made"), { interval: 200 })
    .toBe("made\nover\n");
});

test("an ordinary user's are the user's own", () => {
  front.setDist("mediator.rule", "deny");
  fill();
  const made = front.plan();
  front.put(made, "nobody");
  const { stderr } = front.run("nobody", ["run", made.domain, "--", "sh", "-c", "mkdir made"]);
  expect(stderr).toContain("Operation not permitted");
});
