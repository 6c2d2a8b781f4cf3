import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { textSink } from "../../src/events/forward/text-sink.ts";
import { openEventLog } from "../../src/events/log/event-log.ts";
import { verify } from "../../src/events/log/verify.ts";
import { anEvent } from "../events/an-event.ts";
import { needsRoot } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";
import { Actor, buildActs } from "./self-protection/actor.ts";
import { startLine } from "./self-protection/confiner.ts";
import { ways, widePolicy } from "./self-protection/policy.ts";

const TIMEOUT_MS = 120_000;
/** Rounds of one attacker; each takes a name's place in six ways. */
const ROUNDS = 100;
/** A file of either log, bytes: they are closed all the time. */
const FILE_BYTES = 4_096;
const OLD_FILES = 4;
/** Names that a log's file is moved to, or is made under, which another process may take first. */
const contested = ["events.jsonl", "events.jsonl.1", "vmkernel.log", "vmkernel.log.1"];

let host: PrivateHost;
let scratch: string;
let program: string;
beforeAll(async () => {
  if (process.getuid?.() !== 0) return;
  host = await PrivateHost.start();
  scratch = host.at("scratch");
  mkdirSync(scratch);
  program = buildActs(host.folder);
}, TIMEOUT_MS);
afterAll(() => host?.close());
beforeEach(needsRoot);

/**
 * Both logs are written and closed until the attackers are through with all rounds. Returns what
 * their attempts came to.
 */
async function raced(
  folder: string,
  attackers: readonly Actor[],
  names: readonly string[],
): Promise<readonly string[]> {
  let going = true;
  const attacks = Promise.all(
    attackers.map((actor, at) => actor.does("plant", join(names[at] ?? ""), ROUNDS)),
  ).finally(() => {
    going = false;
  });
  const log = openEventLog(folder, { fileBytes: FILE_BYTES, oldFiles: OLD_FILES });
  const text = textSink(folder, "vmkernel.log", ({ event }) => `${JSON.stringify(event)}\n`, {
    bytes: FILE_BYTES,
    oldFiles: OLD_FILES,
  });
  while (going) {
    log.append(anEvent());
    text.deliver([{ event: anEvent(), seq: null, hash: null }]);
    await new Promise(setImmediate);
  }
  log.close();
  text.close();
  return await attacks;
}

/** Files that are closed under other names by now. */
const closed = (folder: string) => readdirSync(folder).filter((name) => /\.\d$/.test(name)).length;

test("outside every domain a name is taken while its log is closed", {
  timeout: TIMEOUT_MS,
}, async () => {
  const folder = host.at("stand-in");
  mkdirSync(folder);
  const names = contested.map((name) => join(folder, name));
  const actors = await Promise.all(names.map(() => Actor.start(program, [scratch])));
  expect(await raced(folder, actors, names)).toEqual(names.map(() => "ok"));
  for (const actor of actors) await actor.end();
});

/** At level warning Cofferdam's own is kept from accidents alone. */
const enforcing = ways.filter(({ level }) => level === "enforcing");

test.each(enforcing)(
  "a root process in a domain, $mediation, takes none",
  { timeout: TIMEOUT_MS },
  async (way) => {
    const policy = host.at(`rotation-${way.mediation}-${way.level}.yaml`);
    writeFileSync(policy, widePolicy(way, program, scratch));
    const [command = "", ...before] = host.inside;
    const line = startLine(policy, [program, scratch]).flat();
    const actors = await Promise.all(
      contested.map(() => Actor.start(command, [...before, ...line])),
    );
    const names = contested.map((name) => join("/var/log/cofferdam", name));
    const answers = await raced(host.at("log"), actors, names);
    for (const actor of actors) await actor.end();
    expect(answers).not.toContain("ok");
    expect(closed(host.at("log"))).toBe(2 * OLD_FILES);
    for (const name of readdirSync(host.at("log"))) {
      const path = join(host.at("log"), name);
      expect([name, statSync(path).nlink, readFileSync(path).length > 0]).toEqual([name, 1, true]);
    }
    expect(verify(host.at("log"))).toMatchObject({ state: "whole", lost: 0 });
  },
);
