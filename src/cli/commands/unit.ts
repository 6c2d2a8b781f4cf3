import type { Command } from "../command.ts";
import { unitCheck } from "./unit/check.ts";
import { unitDisable } from "./unit/disable.ts";
import { unitEnable } from "./unit/enable.ts";
import { unitStatus } from "./unit/status.ts";

export const unit: Command = {
  name: "unit",
  operands: [],
  summary: "start systemd units in their domains",
  description: [
    "A domain's policy names its unit (`enter: [{ unit: nginx.service }]`). `enable` writes a " +
      "drop-in that makes systemd start the unit's programs in the domain; `disable` removes it. " +
      "No unit is restarted without --now.",
  ],
  options: [],
  examples: [
    { line: "cofferdam unit check nginx", what: "find conflicts between the unit and its domain" },
    { line: "sudo cofferdam unit enable --now nginx", what: "restart it in its domain" },
    { line: "sudo cofferdam unit disable --now nginx", what: "restart it outside its domain" },
  ],
  subcommands: [unitCheck, unitEnable, unitDisable, unitStatus],
};
