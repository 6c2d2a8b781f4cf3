import { rmSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE_FILE, PUBLIC_FOLDER } from "../base/modes.ts";
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
 * what its images depend on. The emulator can change both, in a shared folder or in an image's
 * header. So at the next start both are compared with this record.
 */
export type Accepted = Pick<Placed, "names" | "parents">;

const recordFile = is.object({
  version: is.oneOf(1),
  names: namesSchema,
  parents: parentsSchema,
});

export type Difference = string;

const FILE_MODES = { file: PRIVATE_FILE, folder: PUBLIC_FOLDER };

function fileOf(folder: string, machine: string): string {
  return join(folder, `${machine}.json`);
}

/** null if nothing was accepted yet. @throws HostError if the file is broken */
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
 * Both records together; for a name in both, `now` counts. An entry in `before` only stays: a disk
 * that is not attached today was still written by the machine, and is not new when it returns. If
 * the machine writes an image whose header was not read (raw, or with parents named by the
 * description), it is recorded as depending on nothing. A header that appears there later does not
 * come from the administrator.
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
 * The differences between where a description leads now and what was accepted. A name without a
 * record is new: an administrator has written it into the description.
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
  // A data file is written, a parent is only read, so a file that changes its role is a difference.
  return parents
    .map(({ role, path, format }) => `${path} (${role === "data" ? "data, " : ""}${format})`)
    .join(", ");
}
