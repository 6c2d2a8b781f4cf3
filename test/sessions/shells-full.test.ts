import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { SHELLS_OF_USER_MAX } from "../../src/sessions/limits.ts";
import { root } from "../house/tree.ts";
import { skipUnless } from "../support/skip.ts";
import { ada, bob, canHaveHost, SessionHost, said } from "./session-host.ts";

const client = join(root, "bin", "cofferdam-login");
const TIMEOUT_MS = 300_000;

let host: SessionHost;
beforeAll(async () => {
  if (canHaveHost()) host = await SessionHost.start(root);
}, TIMEOUT_MS);
afterAll(() => host?.stop(), TIMEOUT_MS);
beforeEach((context) => skipUnless(context, canHaveHost(), "a host of one's own takes root"));

test("one user's shells are limited: one more is refused and logged, other users get theirs", {
  timeout: TIMEOUT_MS,
}, async () => {
  const shells: ChildProcess[] = [];
  for (let count = 0; count < SHELLS_OF_USER_MAX; count++) {
    const shell = host.spawn([client, "-c", "echo in; read _"], ada);
    await said(shell, "in");
    shells.push(shell);
  }
  const login = (user = ada) => host.run([client, "-c", "echo in"], user);
  const full = `user ada has ${SHELLS_OF_USER_MAX} sandboxed shells`;
  const { status, out, err } = login();
  expect([status, out]).toEqual([125, ""]);
  expect(err).toContain(`no shell: ${full}, as many as one user may have; end some of them`);
  expect(login(bob).out).toBe("in\n");
  const log = host.run(["cat", "/var/log/cofferdam/events.jsonl"]).out;
  const told = log.split("\n").filter((line) => line.includes('"shell refused"'));
  expect(told.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({
      verdict: "failed",
      object: expect.stringContaining(full),
      process: expect.objectContaining({ uid: ada.uid }),
    }),
  ]);
  const ended = new Promise((resolve) => shells[0]?.once("close", resolve));
  shells[0]?.stdin?.end();
  await ended;
  await expect.poll(() => login().out).toBe("in\n");
});
