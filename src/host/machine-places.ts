import { join } from "node:path";

/** docs/machines.md. */
export interface MachinePlaces {
  /** `vm@NAME.yaml` and `NAME.json` of running machines; only root may change them. */
  readonly running: string;
  /** `NAME.json`: what was accepted of a machine's names and images. */
  readonly accepted: string;
  /**
   * `NAME/monitor.sock`, where an emulator finds the proxy of its QMP. Outside the runtime folder,
   * which every domain is denied.
   */
  readonly sockets: string;
}

export function machinePlaces(runtime: string, state: string): MachinePlaces {
  return {
    running: join(runtime, "machines"),
    accepted: join(state, "machines"),
    sockets: `${runtime}-machines`,
  };
}
