import { closeSync, openSync, readFileSync } from "node:fs";
import type { Places } from "../host/places.ts";
import { preparePlan } from "../host/prepare-plan.ts";
import { O_DIRECTORY, O_PATH } from "../kernel/constants.ts";
import type { SocketPeer } from "../kernel/peer.ts";
import { goneAlready } from "./api/refusals.ts";
import { ApiError } from "./api/route.ts";

/** A launcher that waits for the plan of its start. */
interface Start {
  readonly peer: Pick<SocketPeer, "pid" | "uid" | "isAlive">;
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
export async function makePlanOfView(
  places: Places,
  { peer, domain, unit, groups }: Start,
): Promise<void> {
  // Another user could have made the names that it sees.
  if (peer.uid !== 0)
    throw new ApiError(403, "only root's launchers ask for plans", "systemctl start the unit");
  const { root, capabilities } = lookAt(peer);
  try {
    const given = groups === null ? [] : ["--groups", groups];
    const words = [...given, "--mounts", unit, domain];
    const environment = { PATH: process.env.PATH };
    const said = await preparePlan(places, { capabilities, words, root, environment });
    if (said === null) return;
    const why = `no plan of \`${domain}\` can be made for what ${unit} sees: ${said}`;
    throw new ApiError(409, why, `cofferdam plan --unit ${unit} ${domain}`);
  } finally {
    closeSync(root);
  }
}

/** Opened by the peer's number, which was its own if it lives afterwards. */
function lookAt(peer: Start["peer"]): { readonly root: number; readonly capabilities: string } {
  const folder = `/proc/${peer.pid}`;
  const root = openSync(`${folder}/root`, O_PATH | O_DIRECTORY);
  try {
    const status = readFileSync(`${folder}/status`, "latin1");
    const capabilities = /^CapEff:\t([0-9a-f]+)$/m.exec(status)?.[1];
    if (capabilities === undefined || !peer.isAlive()) throw goneAlready;
    return { root, capabilities };
  } catch (error) {
    closeSync(root);
    throw error;
  }
}
