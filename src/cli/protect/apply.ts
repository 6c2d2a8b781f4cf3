import { shownDomains } from "../../host/agent-answers.ts";
import { entersInKernel, notHeldHere } from "../../host/engine.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { load } from "../../host/load.ts";
import { modesFor, writeWhole } from "../../host/write-whole.ts";
import { holdsInKernel } from "../../model/policy.ts";
import type { Subject } from "../../protect/subject.ts";
import { type Command, CommandError, type Context, type Options } from "../command.ts";
import { ask } from "../commands/domain/ask.ts";
import { domainLevel } from "../commands/domain/level.ts";
import { domainReload } from "../commands/domain/reload.ts";
import { unitEnable } from "../commands/unit/enable.ts";
import type { Chosen } from "./choose.ts";

/** @throws CommandError if a step fails; what was done before stays, and is found the next time */
export async function apply(
  context: Context,
  { unit }: Subject,
  { domain, file, text }: Chosen,
  options: Options,
): Promise<void> {
  const { places } = context;
  if (text === null) requireHeldHere(context, domain);
  if (places.asRoot) await requireUnused(context, domain);
  if (text !== null) {
    writeWhole(file, Buffer.from(text), modesFor(process.geteuid?.() ?? 0));
    tell(context, options, `${file} written\n`);
  }
  if (!places.asRoot) return;
  if (text !== null) await step(context, options, domainReload, [domain], {});
  await step(context, options, domainLevel, [domain, "warning"], {});
  if (unit !== null) await step(context, options, unitEnable, [unit.name], { now: options.now });
}

/**
 * @throws CommandError for a policy that only the kernel's engine holds, and this start would not
 */
function requireHeldHere({ places }: Context, domain: string): void {
  const { policy } = load(places, { name: domain });
  if (policy === null || !holdsInKernel(policy)) return;
  if (places.asRoot && entersInKernel(places)) return;
  const { why, help } = notHeldHere(domain);
  throw new CommandError(why, help, ExitCode.no);
}

/**
 * A level holds for all processes of a domain: those of another unit keep theirs.
 * @throws CommandError without an agent, and for a domain that is in use at another level
 */
async function requireUnused(context: Context, domain: string): Promise<void> {
  const { domains } = await ask(context, shownDomains, "GET", "/domains");
  const used = domains.find(({ name, processes }) => name === domain && processes > 0);
  if (used === undefined || used.level === "warning") return;
  throw new CommandError(
    `processes of ${domain} run at ${used.level}: they would be put at warning, too`,
    `if that is meant, first: cofferdam domain level ${domain} warning`,
    ExitCode.no,
  );
}

function tell({ out }: Context, { json }: Options, text: string): void {
  if (json !== true) out(text);
}

/** One of the other commands, as it would be typed. */
async function step(
  context: Context,
  options: Options,
  command: Command,
  words: readonly string[],
  own: Options,
): Promise<void> {
  const quiet = { ...context, out: (text: string) => tell(context, options, text) };
  const status = await command.run?.(quiet, words, own);
  if (status === ExitCode.ok) return;
  throw new CommandError(
    `${command.name} ${words.join(" ")} failed`,
    "mend what is shown above, then try again: what is written is taken from there",
    ExitCode.no,
  );
}
