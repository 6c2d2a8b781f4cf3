import { join } from "node:path";
import { type Places, places, sessionPlaces, systemPlaces } from "../../src/host/places.ts";

/** Root's places, all of them below one folder; `home` is the clone. */
export function scratchPlaces(folder: string, home: string): Places {
  const system = {
    ...systemPlaces(
      join(folder, "run"),
      join(folder, "lib"),
      sessionPlaces(join(folder, "sessions"), join(folder, "exchange")),
    ),
    lsmPins: join(folder, "bpf", "cofferdam"),
  };
  return {
    ...places({ uid: 0, env: {}, home }),
    policies: [join(folder, "domains"), join(home, "domains")],
    plans: join(folder, "run", "plans"),
    runs: system.runs,
    events: join(folder, "log", "events.jsonl"),
    system,
  };
}
