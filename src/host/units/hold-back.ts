import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { PUBLIC_FOLDER } from "../../base/modes.ts";
import { unlessGone } from "../../kernel/unless-gone.ts";
import { modesFor, writeWhole } from "../write-whole.ts";

/** Drop-ins there last until the next boot, and exist only where systemd runs (systemd.unit(5)). */
export const RUNTIME_UNITS = "/run/systemd/system";
const NAME = "cofferdam-engine.conf";

/** `attached` matches while the engine is, so that a unit can start as soon as it is. */
function textOf(attached: string): string {
  return `# The setting /UserVars/Engine is bpf-lsm, and the kernel did not take that engine, so
# that this unit would start outside its domain. cofferdam doctor says why. To let it start:
# cofferdam settings set /UserVars/Engine auto
[Unit]
AssertPathExistsGlob=${attached}
`;
}

/**
 * Lets these services of systemd start only while the bpf-lsm engine is attached, and no others.
 * Returns whether systemd must read its units again. What runs goes on.
 * `attached`: a pattern of glob(7), which matches while the engine is.
 */
export function holdBackUnits(
  units: readonly string[],
  attached: string,
  folder = RUNTIME_UNITS,
): boolean {
  if (!existsSync(folder)) return false;
  const wanted = new Set(units.map((unit) => join(folder, `${unit}.d`, NAME)));
  let changed = false;
  for (const file of heldIn(folder)) {
    if (wanted.has(file)) continue;
    rmSync(file, { force: true });
    if (readdirSync(dirname(file)).length === 0) rmdirSync(dirname(file));
    changed = true;
  }
  for (const file of wanted) {
    if (unlessGone(() => readFileSync(file, "utf8")) === textOf(attached)) continue;
    mkdirSync(dirname(file), { recursive: true, mode: PUBLIC_FOLDER });
    writeWhole(file, Buffer.from(textOf(attached)), modesFor(0));
    changed = true;
  }
  return changed;
}

/** The units that are held back. */
export function unitsHeldBack(folder = RUNTIME_UNITS): readonly string[] {
  return heldIn(folder).map((file) => file.slice(folder.length + 1, -`.d/${NAME}`.length));
}

function heldIn(folder: string): readonly string[] {
  const names = unlessGone(() => readdirSync(folder)) ?? [];
  return names
    .filter((name) => name.endsWith(".d"))
    .map((name) => join(folder, name, NAME))
    .filter((file) => existsSync(file))
    .sort();
}
