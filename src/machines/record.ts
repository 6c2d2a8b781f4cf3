import { rmSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "../base/read-json.ts";
import * as is from "../base/schema.ts";
import { HostError } from "../host/host-error.ts";
import { writeWhole } from "../host/write-whole.ts";
import { readIfThere } from "../kernel/read-if-there.ts";
import type { Parent } from "./parents.ts";
import type { Placed } from "./place.ts";
import { namesSchema, parentsSchema } from "./placed-schema.ts";

/**
 * What an administrator has accepted of a machine: where the names of its description lead, and
 * what its images stand on. The emulator can write both into places that it may write (a share, an
 * image's header), so that neither counts by itself at the next start.
 */
export type Accepted = Pick<Placed, "names" | "parents">;

const recordFile = is.object({
  version: is.oneOf(1),
  names: namesSchema,
  parents: parentsSchema,
});

/** A difference to what was accepted, as a sentence. */
export type Difference = string;

const FILE_MODES = { file: 0o600, folder: 0o755 };

function fileOf(folder: string, machine: string): string {
  return join(folder, `${machine}.json`);
}

/** null where nothing was accepted yet. @throws HostError for a broken file */
export function readAccepted(folder: string, machine: string): Accepted | null {
  const file = fileOf(folder, machine);
  const text = readIfThere(file);
  if (text === null) return null;
  const read = readJson(recordFile, text);
  if (read.state === "good") return { names: read.value.names, parents: read.value.parents };
  throw new HostError(
    `${file} is broken: ${read.problem}`,
    `look at the machine's images, then cofferdam vm accept ${machine}`,
  );
}

export function writeAccepted(folder: string, machine: string, { names, parents }: Accepted): void {
  const record = { version: 1, names, parents };
  writeWhole(
    fileOf(folder, machine),
    Buffer.from(`${JSON.stringify(record, null, 2)}\n`),
    FILE_MODES,
  );
}

export function removeAccepted(folder: string, machine: string): void {
  rmSync(fileOf(folder, machine), { force: true });
}

/**
 * Both records, and where they differ the later one. A disk that is not plugged in today has still
 * been written by the machine, and is not new when it returns. An image that the machine writes and
 * whose header was not read (a raw one, or one whose parents the description names) is recorded as
 * depending on nothing: what is written there later does not come from the administrator.
 */
export function mergeAccepted(
  before: Accepted | null,
  now: Accepted & Partial<Pick<Placed, "resources">>,
): Accepted {
  const names = { ...before?.names, ...now.names };
  const written = (now.resources ?? []).flatMap((resource) =>
    resource.kind === "image" && resource.access === "read-write"
      ? [names[resource.path] ?? resource.path]
      : [],
  );
  const unread = Object.fromEntries(written.map((name) => [name, []]));
  return { names, parents: { ...unread, ...before?.parents, ...now.parents } };
}

/**
 * The differences between where a description leads and what was accepted. A name that the record
 * does not know is new, and comes from the administrator who wrote it.
 */
export function differences(accepted: Accepted, now: Accepted): readonly Difference[] {
  const names = Object.entries(now.names).flatMap(([name, leads]) => {
    const before = accepted.names[name];
    return before === undefined || before === leads
      ? []
      : [`${name} leads to ${leads}, and led to ${before}`];
  });
  const parents = Object.entries(now.parents).flatMap(([image, stands]) => {
    const before = accepted.parents[image];
    return before === undefined || told(before) === told(stands)
      ? []
      : [`image ${image} says that it stands on ${told(stands)}, and stood on ${told(before)}`];
  });
  return [...names, ...parents];
}

function told(parents: readonly Parent[]): string {
  if (parents.length === 0) return "nothing";
  // Data are written where a parent is only read: one that becomes the other is a difference.
  return parents
    .map(({ role, path, format }) => `${path} (${role === "data" ? "data, " : ""}${format})`)
    .join(", ");
}
