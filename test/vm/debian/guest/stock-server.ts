import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import { StockServer, type Told } from "../../../library/server.ts";
import type { Suite } from "../suite.ts";
import { daemonMachine } from "./daemon-machine.ts";
import { machine } from "./machine.ts";

/** What is told of one boot, for the next. */
const KEPT = "/srv/told.json";

/** What the test of the outer host reads: the story, as one line of JSON behind this. */
export const STORY = "story: ";

const kept = (): Told | undefined =>
  existsSync(KEPT) ? (JSON.parse(readFileSync(KEPT, "utf8")) as Told) : undefined;
const server = new StockServer(daemonMachine, (step) => machine.announce(step), kept());

const keep = (): void => {
  writeFileSync(KEPT, JSON.stringify(server.told));
  process.stdout.write(`${STORY}${JSON.stringify(server.told)}\n`);
};

const settled = (): void => {
  machine.run("systemctl", "is-system-running", "--wait");
};

export const protectedAll: Suite = {
  "each daemon serves as Debian has it": () => server.served(),
  "the package is installed, and what listens is in no domain": () => {
    server.installed();
    expect(server.told.before).not.toEqual([]);
  },
  "protect --all puts each into its domain, at warning": () => {
    server.protectAll();
    keep();
  },
};

export const atWarning: Suite = {
  "a day's work raises nothing but what the library lists": () => {
    settled();
    return server.dayAtWarning();
  },
  "enforce --all enforces them": () => {
    server.enforceAll();
    keep();
  },
};

export const enforced: Suite = {
  "after a boot each is enforced": () => {
    settled();
    server.booted();
  },
  "the same day is denied nothing but what the library lists": async () => {
    await server.dayEnforced();
    keep();
  },
};

export const brokenInto: Suite = {
  "a program in the place of each daemon reaches nothing outside": async () => {
    settled();
    await server.brokenInto();
    keep();
  },
};
