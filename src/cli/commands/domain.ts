import type { Command } from "../command.ts";
import { domainLevel } from "./domain/level.ts";
import { domainList } from "./domain/list.ts";
import { domainReload } from "./domain/reload.ts";
import { domainRenew } from "./domain/renew.ts";
import { domainRestart } from "./domain/restart.ts";
import { domainShow } from "./domain/show.ts";
import { domainStale } from "./domain/stale.ts";

export const domain: Command = {
  name: "domain",
  operands: [],
  summary: "the host's domains: list them, switch their levels, reload their policies",
  description: [
    "These commands ask the host's agent. Every user may list domains; root and members of the " +
      "group cofferdam may change them.",
  ],
  options: [],
  examples: [
    { line: "cofferdam domain list", what: "number, name, level, what runs" },
    { line: "cofferdam domain level nginx warning --for 2h", what: "grant and log, for two hours" },
  ],
  subcommands: [
    domainList,
    domainShow,
    domainLevel,
    domainReload,
    domainRestart,
    domainStale,
    domainRenew,
  ],
};
