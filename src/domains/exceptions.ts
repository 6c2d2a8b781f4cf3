import { rmSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE_FILE } from "../base/modes.ts";
import { type Read, readJson } from "../base/read-json.ts";
import * as is from "../base/schema.ts";
import { prepareFile, syncFolder } from "../kernel/replace-file.ts";
import { type ExceptionSection, exceptionSections } from "../model/exception-rules.ts";
import { endAt, type LevelClock } from "./level-clock.ts";
import { type Actor, actor, type Timed, timed } from "./levels.ts";
import { readState } from "./state-file.ts";

/** One line of a section. */
export interface Grant {
  readonly section: ExceptionSection;
  readonly line: string;
}

/** A grant that ends by itself. The policy in force is the file and these lines. */
export interface Exception extends Timed, Grant {
  /** Counts within the domain, from 1; begins anew when none is left. */
  readonly id: number;
  readonly by: Actor;
  readonly until: string;
  readonly why: string;
}

/**
 * A domain's exceptions are one file, a fact of each of the domain's plans. It says why, so that
 * only root may read it.
 */
const EXCEPTIONS_MODE = PRIVATE_FILE;

/**
 * JSON, each exception in a line of its own, and the grant first: rules have this as their place.
 */
const OPENING = "[\n";
const GRANT_MEMBER = "grant";
const FIRST_LINE = 2;

const grant = is.mapped(is.record(is.list(is.text)), (written): Grant => {
  const [entry, ...more] = Object.entries(written);
  const section = exceptionSections.find((known) => known === entry?.[0]);
  const [line, ...lines] = entry?.[1] ?? [];
  if (section === undefined || line === undefined || more.length > 0 || lines.length > 0)
    throw new is.Mismatch("is not one line of a section");
  return { section, line };
});
const exceptions: is.Schema<readonly Exception[]> = is.list(
  is.mapped(
    is.object({
      [GRANT_MEMBER]: grant,
      id: is.whole(1),
      by: actor,
      why: is.text,
      ...timed,
      until: timed.since,
    }),
    ({ grant: granted, ...rest }) => ({ ...granted, ...rest }),
  ),
);

export function exceptionsPath(folder: string, domain: string): string {
  return join(folder, domain);
}

export function readExceptionsText(text: string): Read<readonly Exception[]> {
  return readJson(exceptions, text);
}

export function exceptionsText(list: readonly Exception[]): string {
  const rows = list.map(({ section, line, ...rest }) =>
    JSON.stringify({ [GRANT_MEMBER]: { [section]: [line] }, ...rest }),
  );
  return `${OPENING}${rows.join(",\n")}\n]\n`;
}

/** Where the grant of an exception stands in the file, for those at `index` of it. */
export function placeOfGrant(index: number): { readonly line: number; readonly column: number } {
  return { line: FIRST_LINE + index, column: `{"${GRANT_MEMBER}":`.length + 1 };
}

/** Expired ones included. @throws StateError for a file that is broken or cannot be read */
export function readExceptions(folder: string, domain: string): readonly Exception[] {
  return readState(exceptionsPath(folder, domain), readExceptionsText, endAll(domain)) ?? [];
}

function endAll(domain: string): string {
  return `none of its exceptions counts; end them: cofferdam exception end ${domain} --all`;
}

/** An empty list removes the file. @throws the system's error */
export function writeExceptions(folder: string, domain: string, list: readonly Exception[]): void {
  const path = exceptionsPath(folder, domain);
  if (list.length === 0) rmSync(path, { force: true });
  else prepareFile(folder, Buffer.from(exceptionsText(list)), EXCEPTIONS_MODE).place(path);
  syncFolder(folder);
}

/** Milliseconds since boot, on a clock that cannot be set; null if it has ended. */
export function endOf(exception: Exception, clock: LevelClock): number | null {
  const end = endAt(exception, clock) ?? 0;
  return end <= clock.uptime * 1_000 ? null : end;
}
