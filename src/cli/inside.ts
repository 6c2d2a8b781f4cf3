/**
 * `cofferdam` inside the sandboxed shell, also called `esxtop` and `support-util`: `top` and `support`, which ask the session server. Entry of `shell/view.mjs`, which
 * loads nothing else: all of the installation but that folder is out of the sandbox's reach.
 */
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { ExitCode } from "../host/exit-code.ts";
import { places, systemPlaces } from "../host/places.ts";
import { runCalledAs } from "./called-as.ts";
import { contextOf, endWithReader } from "./context.ts";
import { explainError } from "./explain-error.ts";
import { runCommandLine } from "./program.ts";
import { supportOf } from "./support/support-command.ts";
import { topOf } from "./top/top-command.ts";
import { collectedOf, viewOf } from "./view/session-server.ts";

const socket = systemPlaces().sessions.view;
const commands = [topOf(() => viewOf(socket)), supportOf(() => collectedOf(socket))];

async function start(): Promise<ExitCode> {
  const home = dirname(dirname(fileURLToPath(import.meta.url)));
  const context = contextOf(places({ uid: process.geteuid?.() ?? 0, env: process.env, home }));
  const args = process.argv.slice(2);
  const name = basename(process.argv[1] ?? "");
  return (await runCalledAs(name, args, context, commands)) ?? (await runCommandLine(args, context, commands));
}

endWithReader();
try {
  process.exitCode = await start();
} catch (error) {
  process.exitCode = explainError(error, (text) => void process.stderr.write(text));
}
