import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { PUBLIC_FOLDER } from "../../src/base/modes.ts";

/** What a private host (test/system/private-host.ts) mounts its own folders over. */
const folders = ["/etc", "/run", "/var/lib", "/var/log"].map((above) => `${above}/cofferdam`);
const places = [...folders, "/var/spool/cofferdam", "/run/cofferdam-machines"];

/**
 * Before all test files: makes the folders of Cofferdam's state that this host lacks. After all of
 * them: removes those that are empty. A test file cannot do that for itself: a folder that is
 * removed takes the mount of every other private host with it, and one that is made later is half
 * there in every host that has this one's folders below its own (overlayfs).
 */
export default function makeStateFolders(): (() => void) | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  const made = places.filter((place) => !existsSync(place));
  for (const place of made) mkdirSync(place, { recursive: true, mode: PUBLIC_FOLDER });
  return () => {
    for (const place of made)
      if (existsSync(place) && readdirSync(place).length === 0) rmdirSync(place);
  };
}
