import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { VERSION } from "../../src/cli/version.ts";
import { type BootedHost, bootMissing } from "../host/shell-sandbox/booted-host.ts";
import { asDebian, bootRoot, dpkg } from "../package/booted-root.ts";
import { BUILD_MS, sharedPackages } from "../package/packages.ts";
import { rootMissing, ScratchRoot } from "../package/scratch-root.ts";
import { skipUnless } from "../support/skip.ts";
import { Afternoon } from "./afternoon.ts";
import { bundlePrograms, type Programs } from "./on-host.ts";
import { failuresOf } from "./report.ts";
import { subjects } from "./subjects.ts";

/**
 * `npm run afternoon` does the same for eleven daemons with twenty rounds each. Here is one that
 * starts at once.
 */
const quick = ["memcached"];
/** With a reload, a rotation and a restart. */
const ROUNDS = 3;
/** For one daemon on a busy machine, milliseconds. */
const TURN_MS = 300_000;

const missing = rootMissing() ?? bootMissing();
let root: ScratchRoot;
let host: BootedHost;
let programs: Programs;

beforeAll(async () => {
  if (missing !== null) return;
  const packages = sharedPackages();
  programs = await bundlePrograms();
  root = await ScratchRoot.start(packages.folder);
  root.sh(asDebian);
  host = await bootRoot(root);
  dpkg(host, "--install", packages.inRoot(VERSION));
}, BUILD_MS);

afterAll(async () => {
  await host?.powerOff();
  await root?.stop();
});

const wanted = subjects.filter(({ daemon }) => quick.includes(daemon.name));

test.for(wanted)(
  "$daemon.name, from nothing to enforced in two starts",
  {
    timeout: TURN_MS,
  },
  async (subject, context) => {
    skipUnless(context, missing === null, missing ?? "");
    const { program } = subject.daemon;
    skipUnless(context, existsSync(program), `there is no ${program}, which set-up installs`);
    const told: string[] = [];
    const say = (what: string) => told.push(what);
    const setting = { host, rounds: ROUNDS, programs, attacks: false, say };
    const result = await new Afternoon(subject, setting).run();
    expect(failuresOf(result), JSON.stringify({ told, result })).toEqual([]);
    // The C library asks nscd by it; the draft does without nscd, and has no unix socket at all.
    const denied = ["create a unix socket"];
    expect(result).toMatchObject({ lines: { taken: [], left: [] }, denied });
  },
);
