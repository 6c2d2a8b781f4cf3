import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Domain } from "./domain.ts";
import { users } from "./users.ts";

/** Until events of a run that has ended are in the log, milliseconds. */
const EVENTS_MS = 60_000;

describe.each(users)("for $who", ({ uid }) => {
  let scene: Domain;
  beforeAll(() => {
    scene = new Domain(uid);
    scene.write("home/library", "library\n");
    scene.write("home/FORBIDDEN", "FORBIDDEN\n");
  });
  afterAll(() => scene.close());

  const library = () => scene.at("home/library");
  const forbidden = () => scene.at("home/FORBIDDEN");
  const supervised = (rest = "", files: readonly string[] = []) =>
    scene.writePolicy({
      files: [`rm ${library()}`, `r ${forbidden()}`, ...files],
      syscalls: ", memfd_create",
      rest: `mediation: supervised\n${rest}`,
    });

  test("a supervised domain maps as code what `m` grants, and nothing else", () => {
    supervised();
    const lines = [
      `map ${library()}`,
      `map ${forbidden()}`,
      `map ${scene.at("home/granted/file")}`,
    ];
    expect(scene.tries(lines)).toEqual(["0", "EACCES", "EACCES"]);
  });

  test("a denial of `m` takes it back", () => {
    supervised("", [`deny m ${library()}`]);
    expect(scene.tries([`map ${library()}`])).toEqual(["EACCES"]);
  });

  test("the loader runs no program that the policy does not let it map", () => {
    const loader = "/lib64/ld-linux-x86-64.so.2";
    supervised("", ["r /usr/bin/true"]);
    expect(scene.run([loader, "/usr/bin/true"]).status).not.toBe(0);
    supervised("", ["rm /usr/bin/true"]);
    expect(scene.run([loader, "/usr/bin/true"]).status).toBe(0);
  });

  test("a process with several threads maps files as code with `dlopen` alone", () => {
    const lines = [`thread try map ${library()}`, `fork try map ${library()}`];
    supervised();
    expect(scene.tries(lines)).toEqual(["EPERM", "0"]);
    supervised("memory: [dlopen]\n");
    const more = [...lines, `thread try map ${forbidden()}`];
    expect(scene.tries(more)).toEqual(["0", "0", "EACCES"]);
  });

  test("SECURITY.md: with `dlopen` another thread exchanges the judged file in time", () => {
    const lines = [`map-exchanged ${library()} ${forbidden()}`];
    supervised();
    expect(scene.tries(lines)).toEqual(["EPERM"]);
    supervised("memory: [dlopen]\n");
    expect(scene.tries(lines)).toEqual(["0"]);
  });

  test("a file in memory is mapped as code if the policy grants `memfd` now", () => {
    supervised("memory: [memfd]\n");
    expect(scene.tries(["map-memory 0"])).toEqual(["0"]);
  });

  test("at warning every file is mapped, with an event for what enforcing refuses", async () => {
    const events = scene.eventsFromNow();
    const told = () =>
      events().filter((event) => event.operation === "map" || event.class === "memory");
    supervised("level: warning\n");
    const lines = [`map ${library()}`, `map ${forbidden()}`, `thread try map ${library()}`];
    expect(scene.tries(lines)).toEqual(["0", "0", "0"]);
    await expect.poll(told, { timeout: EVENTS_MS }).toMatchObject([
      {
        verdict: "warning",
        class: "name",
        operation: "map",
        object: forbidden(),
        allow: { section: "files", line: `m ${forbidden()}` },
      },
      {
        verdict: "warning",
        class: "memory",
        object: `dlopen to map ${library()}`,
        request: { class: "memory", kind: "dlopen" },
        allow: { section: "memory", line: "dlopen" },
      },
    ]);
  });

  test("at disabled every file is mapped", () => {
    supervised("level: disabled\n");
    expect(scene.tries([`map ${forbidden()}`])).toEqual(["0"]);
  });
});
