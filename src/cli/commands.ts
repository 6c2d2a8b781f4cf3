import type { Command } from "./command.ts";
import { check } from "./commands/check.ts";
import { compile } from "./commands/compile.ts";
import { doctor } from "./commands/doctor.ts";
import { explain } from "./commands/explain.ts";
import { plan } from "./commands/plan.ts";
import { ps } from "./commands/ps.ts";
import { run } from "./commands/run.ts";
import { schema } from "./commands/schema.ts";
import { settings } from "./commands/settings.ts";

/** All commands, in the order of `--help`. */
export const commands: readonly Command[] = [run, ps, check, explain, plan, doctor, settings, compile, schema];
