import { ExitCode } from "../../host/exit-code.ts";
import type { Command } from "../command.ts";
import { collect } from "../support/collect.ts";
import { supportOf } from "../support/support-command.ts";

const own = supportOf(collect);

/**
 * Outside every domain the caller's own process collects. Inside, the session server does, by
 * starting this command with `--collect`.
 */
export const support: Command = {
  ...own,
  options: [
    ...own.options,
    {
      flags: "--collect",
      description: "only print what a bundle is made of, for the session server",
      hidden: true,
    },
  ],
  async run(context, operands, options) {
    if (options.collect !== true)
      return (await own.run?.(context, operands, options)) ?? ExitCode.internal;
    context.out(JSON.stringify(await collect(context)));
    return ExitCode.ok;
  },
};
