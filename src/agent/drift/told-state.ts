import { readFileSync } from "node:fs";
import { PRIVATE_FILE } from "../../base/modes.ts";
import { readJson } from "../../base/read-json.ts";
import * as is from "../../base/schema.ts";
import { type Drift, driftKinds } from "../../host/held-names.ts";
import { replaceFile } from "../../kernel/replace-file.ts";
import { unlessGone } from "../../kernel/unless-gone.ts";

const drift = is.list(is.object({ path: is.text, kind: is.oneOf(...driftKinds) }));
const toldRuns = is.record(drift);

/**
 * What agents have told of runs, by run, so that the next agent does not tell it again. It is lost
 * at a boot, as the runs are; if it cannot be read, present changes are told again.
 */
export class ToldState {
  readonly #path: string;
  readonly #before: Readonly<Record<string, readonly Drift[]>>;

  constructor(path: string) {
    this.#path = path;
    const text = unlessGone(() => readFileSync(path, "utf8"));
    const read = text === null ? null : readJson(toldRuns, text);
    this.#before = read?.state === "good" ? read.value : {};
  }

  /** Of an agent before this one. */
  of(run: string): readonly Drift[] {
    return this.#before[run] ?? [];
  }

  save(told: readonly (readonly [run: string, drift: readonly Drift[]])[]): void {
    const some = told.filter(([, names]) => names.length > 0);
    replaceFile(this.#path, Buffer.from(`${JSON.stringify(Object.fromEntries(some))}\n`), MODE);
  }
}

const MODE = PRIVATE_FILE;
