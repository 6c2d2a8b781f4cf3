import { type Rule, unitConflict } from "./finding.ts";
import { property, words } from "./unit.ts";

/** What cofferdam-agent.service starts after, by its own line and by DefaultDependencies=. */
const BEFORE_AGENT = [
  ...["local-fs-pre.target", "local-fs.target", "sysinit.target", "basic.target"],
  ...["sockets.target", "paths.target", "timers.target", "slices.target"],
  "cofferdam-agent.service",
];

/**
 * The drop-in makes the unit wait for the agent. systemd resolves a cycle by dropping a job, so at
 * the next boot either the unit or the agent would not be started.
 */
const startsBeforeAgent: Rule = ({ unit }) => {
  const before = words(property(unit, "Before")).find((name) => BEFORE_AGENT.includes(name));
  return before === undefined
    ? {}
    : unitConflict(
        `the unit is ordered before ${before}, and cofferdam-agent.service after it: at a boot ` +
          "systemd would leave one of the two out",
        `Before=${before}`,
        "DefaultDependencies=no",
      );
};

export const orderRules: readonly Rule[] = [startsBeforeAgent];
