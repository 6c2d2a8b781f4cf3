import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What the shipped units take for the folder of the installation. */
const SHIPPED_HOME = "/usr/lib/cofferdam";
const names = ["cofferdam-agent.service", "cofferdam-agent.socket"] as const;

/** The shipped units with this installation's folder in them, each below a comment with its name. */
export function renderUnits(home: string): string {
  return names
    .map((name) => {
      const text = readFileSync(join(home, "systemd", name), "utf8").replaceAll(SHIPPED_HOME, home);
      return `# /etc/systemd/system/${name}\n${text}`;
    })
    .join("\n");
}
