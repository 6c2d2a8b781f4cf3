import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { nothingTold, StockServer, type Told } from "../../../library/server.ts";
import { INTERPRETED } from "../../interpreted.ts";
import type { Suite } from "../suite.ts";
import { daemonMachine } from "./daemon-machine.ts";
import { machine } from "./machine.ts";

/** What is told of one boot, for the next. */
const KEPT = "/srv/told.json";
/** What the outer host reads: the story, as one line of JSON behind this. */
export const STORY = "story: ";

// Of commands. Units are started without it.
process.env.NODE_OPTIONS = INTERPRETED;

const kept: Told = existsSync(KEPT) ? JSON.parse(readFileSync(KEPT, "utf8")) : nothingTold();
const server = new StockServer(daemonMachine, (step) => machine.announce(step), kept);

function keep(): void {
  writeFileSync(KEPT, JSON.stringify(server.told));
  process.stdout.write(`${STORY}${JSON.stringify(server.told)}\n`);
}

export const protectedAll: Suite = {
  "each daemon serves as Debian has it": () => server.served(),
  "the package is installed, and what listens is in no domain": () => server.installed(),
  "protect --all puts each into its domain of the kernel, at warning": () => {
    machine.waitAtBoots();
    server.intoKernel();
    machine.reload();
    server.protectAll();
    keep();
  },
};

export const atWarning: Suite = {
  "after a boot a day's work raises nothing but what the library lists": async () => {
    server.resumed();
    await server.dayAtWarning();
    keep();
  },
};

export const enforced: Suite = {
  "enforce --all enforces them": () => {
    server.resumed();
    server.enforceAll();
  },
  "the same day is denied nothing but what the library lists": async () => {
    await server.dayEnforced();
    keep();
  },
};

export const brokenInto: Suite = {
  "after a boot each is enforced": () => {
    server.resumed();
    server.expectEnforced();
  },
  "a program in the place of each daemon reaches nothing outside": async () => {
    await server.brokenInto();
    keep();
  },
};
