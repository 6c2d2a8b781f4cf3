/**
 * What a domain of the bpf-lsm engine at level warning shows its processes: what they would see
 * outside, without an exception.
 */
import * as fs from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PUBLIC_FOLDER } from "../../../src/base/modes.ts";
import { byCase, CASES_MIN, differing, type Seen, shown } from "../../transparency/cases.ts";
import { Lsm, runs } from "./lsm-arena.ts";

/** Compiled from test/transparency/programs. */
const CASES = "/vm/cases";
const DOMAIN = 71;
const NOBODY = 65_534;
/** Accesses that the policy does not grant, at the least. */
const WARNED_MIN = 1_000n;
/** For all cases once, in a machine that emulates, milliseconds. */
const RUN_MS = 1_800_000;
let lsm: Lsm;

beforeAll(() => {
  lsm = new Lsm();
  lsm.domain(DOMAIN, "warning", []);
  // As udev makes them; else the first case that opens one makes a file of it.
  const links = { stdin: "fd/0", stdout: "fd/1", stderr: "fd/2", fd: "/proc/self/fd" };
  for (const [name, target] of Object.entries(links))
    if (!fs.existsSync(`/dev/${name}`)) fs.symlinkSync(target, `/dev/${name}`);
});

afterAll(() => lsm.engine.removeDomain(DOMAIN));

/** `user`: who the cases become; null for nobody else. `turn`: which cases of a product count. */
async function run(user: number | null, turn: number, inside: boolean): Promise<Seen> {
  const place = `/tmp/transparency-${turn}`;
  const scratch = `${place}/${inside ? "inside" : "outside"}`;
  for (const folder of [place, scratch]) {
    fs.mkdirSync(folder, { recursive: true });
    fs.chmodSync(folder, PUBLIC_FOLDER);
  }
  const words = ["run", scratch, user === null ? "-" : `${user}`, "", `${turn}`];
  const adopt = (pid: number) =>
    expect(lsm.engine.labels.adopt(DOMAIN, () => [pid])).not.toEqual([]);
  const { status, out } = await runs([CASES, ...words], {
    env: { PATH: "/usr/bin:/bin", HOME: place },
    cwd: place,
    stdio: ["pipe", "pipe", "inherit"],
    timeout: RUN_MS,
    ...(inside ? { adopt } : {}),
  });
  expect(status).toBe(0);
  return byCase(out);
}

async function compare(user: number | null, turn: number): Promise<void> {
  const outside = await run(user, turn, false);
  expect(outside.size).toBeGreaterThan(CASES_MIN);
  const before = lsm.engine.account(DOMAIN);
  const inside = await run(user, turn, true);
  const { warned, denied } = lsm.engine.account(DOMAIN);
  expect([...inside.keys()]).toEqual([...outside.keys()]);
  const seen = { outside, inside };
  expect(differing(seen).map((name) => shown(seen, name))).toEqual([]);
  expect(warned - before.warned).toBeGreaterThan(WARNED_MIN);
  expect(denied).toBe(before.denied);
}

test("as root", () => compare(null, 0));
test("as an ordinary user, whom root becomes", () => compare(NOBODY, 1));
