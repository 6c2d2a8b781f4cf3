import type { Command } from "../command.ts";
import { unitCheck } from "./unit/check.ts";
import { unitDisable } from "./unit/disable.ts";
import { unitEnable } from "./unit/enable.ts";
import { unitStatus } from "./unit/status.ts";

export const unit: Command = {
  name: "unit",
  operands: [],
  summary: "systemd units whose programs enter their domain by themselves",
  description: [
    "A domain's policy names its unit (`enter: [{ unit: nginx.service }]`). `enable` writes a " +
      "drop-in with which systemd starts the unit's programs in the domain, at each start and " +
      "after each reboot; `disable` takes it away. Nothing else of the unit is touched, and " +
      "nothing restarted without --now.",
  ],
  options: [],
  examples: [
    { line: "cofferdam unit check nginx", what: "what of the unit cannot be combined, and why" },
    { line: "sudo cofferdam unit enable --now nginx", what: "in its domain from now on" },
    { line: "sudo cofferdam unit disable --now nginx", what: "as it was" },
  ],
  subcommands: [unitCheck, unitEnable, unitDisable, unitStatus],
};
