import { closeSync, openSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Turns } from "../base/turns.ts";
import type { Places } from "../host/places.ts";
import { preparePlan } from "../host/prepare-plan.ts";
import { O_DIRECTORY, O_PATH } from "../kernel/constants.ts";
import { LOOK_AT_PLAN_MS, PLAN_WAIT_MAX_MS } from "./api/limits.ts";
import { goneAlready } from "./api/refusals.ts";
import { ApiError } from "./api/route.ts";
import { type AskingLauncher, readLauncher } from "./asking-launcher.ts";

/** A launcher that waits for the plan of its start. */
interface Start {
  readonly peer: AskingLauncher;
  readonly domain: string;
  /** The unit whose plan it is. */
  readonly unit: string;
  /** Its supplementary groups, with colons between; null if the launcher sets none for it. */
  readonly groups: string | null;
}

/**
 * Makes the plan of a unit with mounts of its own, for what the waiting launcher sees: the unit's
 * filters and limits would not let it start the compiler. The launcher checks the plan as any other
 * that lies ready.
 * @throws ApiError with what the compiler says
 */
export function makePlanOfView(places: Places, start: Start): Promise<void> {
  return compilers.take(() => makeNow(places, start));
}

/**
 * At a boot all services want theirs at the same time, and each compiler is a process of Node's.
 */
const compilers = new Turns(availableParallelism());

async function makeNow(places: Places, { peer, domain, unit, groups }: Start): Promise<void> {
  const { root, capabilities } = readLauncher(peer, "plans", lookAt, (seen) =>
    closeSync(seen.root),
  );
  const end = new AbortController();
  const began = performance.now();
  // Else a compiler that hangs, in mounts that do not answer say, would keep its turn for ever.
  const look = setInterval(() => {
    if (!peer.isAlive() || performance.now() - began > PLAN_WAIT_MAX_MS) end.abort();
  }, LOOK_AT_PLAN_MS);
  try {
    const given = groups === null ? [] : ["--groups", groups];
    const words = [...given, "--mounts", unit, domain];
    const environment = { PATH: process.env.PATH };
    const said = await preparePlan(places, {
      capabilities,
      words,
      root,
      environment,
      end: end.signal,
    });
    if (said === null) return;
    const why = `no plan of \`${domain}\` can be made for what ${unit} sees: ${said}`;
    throw new ApiError(409, why, `cofferdam plan --unit ${unit} ${domain}`);
  } finally {
    clearInterval(look);
    closeSync(root);
  }
}

function lookAt(folder: string): { readonly root: number; readonly capabilities: string } {
  const status = readFileSync(`${folder}/status`, "latin1");
  const capabilities = /^CapEff:\t([0-9a-f]+)$/m.exec(status)?.[1];
  if (capabilities === undefined) throw goneAlready;
  return { root: openSync(`${folder}/root`, O_PATH | O_DIRECTORY), capabilities };
}
