/**
 * `npm run demo`: the same requests to the same vulnerable server, first as it is, then in its
 * domain: at level warning, then at level enforcing. As root the level is switched while the server
 * runs, by an agent of the demonstration's own. Exit status 0 only if everything came out as it
 * should.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { order } from "./agent.ts";
import { atWarning } from "./at-warning.ts";
import { removeControlGroups } from "./control-groups.ts";
import { enforcing } from "./enforcing.ts";
import { hostAbility } from "./host-ability.ts";
import { liveLevels } from "./live-levels.ts";
import { libraryOf, OWN_HOST, showInOwnHost } from "./own-host.ts";
import { makeScene } from "./scene.ts";
import { atEnd, show, title } from "./stage.ts";
import { unconfined } from "./unconfined.ts";

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const cofferdam = join(home, "bin", "cofferdam");

async function showAll(hasOwnHost: boolean): Promise<void> {
  const { kernelSilence, noWarning, cgroup2 } = hostAbility(cofferdam);
  const isRoot = process.geteuid?.() === 0;
  // Without level warning there is nothing for an agent to switch.
  const isHost = hasOwnHost && noWarning === null;
  const without = [
    ...(noWarning === null ? [] : [`Level warning is not shown: ${noWarning}.`]),
    ...(noWarning !== null || hasOwnHost
      ? []
      : [
          "Not shown here: an agent, and a level that is switched while the server runs.",
          isRoot ? "For that root must be able to mount." : "For that it takes root.",
        ]),
    ...(kernelSilence === null
      ? []
      : ["The kernel's own refusals are not shown here: see cofferdam doctor."]),
  ];
  await show(async () => {
    console.log("A web server with three holes: it reads, writes and runs whatever it is told.");
    removeControlGroups(cgroup2);
    const scene = await makeScene(home, isHost ? libraryOf(home) : null);
    atEnd(scene.remove);
    await unconfined(scene);
    if (noWarning === null) await (isHost ? liveLevels : atWarning)(scene, cofferdam);
    title("In its domain, at level enforcing from the start");
    if (isHost) order(cofferdam, "domain", "level", "web", "--reset");
    const domain = isHost
      ? { words: ["web"], shown: "web" }
      : { words: ["--policy", scene.policy], shown: "--policy demo/web.yaml" };
    await enforcing(scene, cofferdam, domain, kernelSilence);
  }, without);
}

const hasOwnHost = process.argv[2] === OWN_HOST;
const status = hasOwnHost ? null : showInOwnHost(home);
if (status === null) await showAll(hasOwnHost);
else process.exitCode = status;
