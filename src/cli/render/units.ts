import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The installation's folder in the shipped units. */
const SHIPPED_HOME = "/usr/lib/cofferdam";
const names = ["cofferdam-agent.service", "cofferdam-agent.socket"] as const;

export interface Unit {
  readonly name: string;
  readonly text: string;
}

/** The shipped units with this installation's folder. */
export function unitsFor(home: string): readonly Unit[] {
  return names.map((name) => ({
    name,
    text: readFileSync(join(home, "systemd", name), "utf8").replaceAll(SHIPPED_HOME, home),
  }));
}

/** Each below a comment with its name. */
export function renderUnits(home: string): string {
  return unitsFor(home)
    .map(({ name, text }) => `# /etc/systemd/system/${name}\n${text}`)
    .join("\n");
}
