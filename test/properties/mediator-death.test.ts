import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { needsRoot } from "../support/skip.ts";
import { processesThatHold } from "./confining-processes.ts";
import { type Conversation, Domain } from "./domain.ts";
import { users } from "./users.ts";

describe.each(users)("the death of a mediator: for $who", ({ uid }) => {
  let scene: Domain;
  let inside: Conversation;
  beforeAll(() => {
    scene = new Domain(uid);
    scene.writePolicy();
    inside = scene.start();
  });
  afterAll(() => scene.close());

  // An ordinary user cannot tell its mediators and holders from those of other tests, which must
  // not be ended.
  test("never widens a domain, never kills a daemon, and the next one goes on", async (context) => {
    needsRoot(context);
    const { home } = scene;
    for (let round = 0; round < 2; round++) {
      expect(await inside.ask(`make ${home}/shared/exact`)).toBe("0");
      const [mediator] = processesThatHold(inside.process.pid ?? 0).mediator;
      expect(mediator).toBeGreaterThan(1);
      process.kill(mediator ?? 0, "SIGKILL");
      expect(await inside.ask(`read ${home}/granted/file`)).toBe("0");
      expect(await inside.ask(`read ${home}/secret/file`)).toBe("EACCES");
      expect(await inside.ask(`make ${home}/shared/other`)).toMatch(/^(EACCES|EIO)$/);
      // The holder has seen its mediator's end once it is its parent no longer.
      const mediators = () => processesThatHold(inside.process.pid ?? 0).mediator;
      await expect.poll(mediators).not.toContain(mediator);
      expect(await inside.ask(`unlink ${home}/shared/exact`)).toBe("0");
    }
    expect(await inside.end()).toBe(0);
  });

  test("the death of the holder leaves refusals, no open domain", async (context) => {
    needsRoot(context);
    const { home } = scene;
    inside = scene.start();
    expect(await inside.ask(`read ${home}/granted/file`)).toBe("0");
    const daemon = inside.process.pid ?? 0;
    // The launcher does not wait: the daemon may run before the holder takes its name.
    await expect.poll(() => processesThatHold(daemon).holder).toHaveLength(1);
    for (const pid of processesThatHold(daemon).holder) process.kill(pid, "SIGKILL");
    await expect.poll(() => processesThatHold(daemon).holder).toEqual([]);
    expect(await inside.ask(`read ${home}/granted/file`)).toBe("0");
    expect(await inside.ask(`read ${home}/secret/file`)).toBe("EACCES");
    expect(await inside.ask(`make ${home}/shared/exact`)).toBe("ENOSYS");
    expect(await inside.end()).toBe(0);
  });
});
