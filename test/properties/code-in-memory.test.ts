import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Domain } from "./domain.ts";
import { users } from "./users.ts";

/** `try.c` wants an object in each line. */
const lines = ["writable-code 0", "fixed-code 0"];

/** Until events of a run that has ended are in the log, milliseconds. */
const EVENTS_MS = 60_000;

describe.each(users)("for $who", ({ uid }) => {
  let scene: Domain;
  /** What PR_GET_MDWE says outside: ENODATA for no, EINVAL before Linux 6.3. */
  let notFixed: string;
  beforeAll(() => {
    scene = new Domain(uid);
    notFixed = scene.outside([scene.try], { input: "fixed-code 0\n" }).out.trim();
  });
  afterAll(() => scene.close());

  const fixed = () => (notFixed === "ENODATA" ? "0" : notFixed);
  const words = (rest: string) => {
    scene.writePolicy({ rest });
    return scene.tries(lines);
  };

  test("a sealed domain makes no code, and the kernel holds that as well", () => {
    expect(words("")).toEqual(["EPERM", fixed()]);
  });

  test("a domain with `jit` makes code", () => {
    expect(words("memory: [jit]\n")).toEqual(["0", notFixed]);
    expect(words("memory: [jit]\nmediation: supervised\n")).toEqual(["0", notFixed]);
  });

  test("a denial of `jit` takes it back", () => {
    expect(words("memory: [jit, deny jit]\n")).toEqual(["EPERM", fixed()]);
  });

  test("a supervised domain makes no code, and nothing holds that once and for all", () => {
    expect(words("mediation: supervised\n")).toEqual(["EPERM", notFixed]);
  });

  test("at warning it makes code, with an event that names the word", async () => {
    const events = scene.eventsFromNow();
    const told = () => events().filter((event) => event.class === "memory");
    expect(words("level: warning\n")).toEqual(["0", notFixed]);
    await expect.poll(told, { timeout: EVENTS_MS }).toMatchObject([
      {
        level: "warning",
        verdict: "warning",
        class: "memory",
        object: "jit for mmap(PROT_EXEC | PROT_READ | PROT_WRITE)",
        request: { class: "memory", kind: "jit" },
        allow: { section: "memory", line: "jit" },
      },
    ]);
  });

  test("at disabled it makes code", () => {
    expect(words("level: disabled\n")).toEqual(["0", notFixed]);
  });
});
