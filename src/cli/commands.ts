import type { Command } from "./command.ts";
import { adopt } from "./commands/adopt.ts";
import { agent } from "./commands/agent.ts";
import { check } from "./commands/check.ts";
import { compile } from "./commands/compile.ts";
import { completion } from "./commands/completion.ts";
import { diff } from "./commands/diff.ts";
import { doctor } from "./commands/doctor.ts";
import { domain } from "./commands/domain.ts";
import { enforce } from "./commands/enforce.ts";
import { events } from "./commands/events.ts";
import { exception } from "./commands/exception.ts";
import { explain } from "./commands/explain.ts";
import { plan } from "./commands/plan.ts";
import { probe } from "./commands/probe.ts";
import { protect } from "./commands/protect.ts";
import { ps } from "./commands/ps.ts";
import { reach } from "./commands/reach.ts";
import { ready } from "./commands/ready.ts";
import { run } from "./commands/run.ts";
import { schema } from "./commands/schema.ts";
import { sessions } from "./commands/sessions.ts";
import { settings } from "./commands/settings.ts";
import { status } from "./commands/status.ts";
import { suggest } from "./commands/suggest.ts";
import { support } from "./commands/support.ts";
import { test } from "./commands/test.ts";
import { top } from "./commands/top.ts";
import { unit } from "./commands/unit.ts";
import { vm } from "./commands/vm.ts";
import { why } from "./commands/why.ts";

export const commands: readonly Command[] = [
  run,
  vm,
  protect,
  unit,
  adopt,
  status,
  domain,
  exception,
  ps,
  top,
  events,
  why,
  suggest,
  ready,
  enforce,
  check,
  explain,
  test,
  probe,
  diff,
  reach,
  plan,
  doctor,
  agent,
  sessions,
  settings,
  support,
  compile,
  schema,
  completion(() => commands),
];
