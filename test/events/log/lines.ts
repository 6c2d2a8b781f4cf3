import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type LogRecord, parseRecord } from "../../../src/events/log/record.ts";
import { scratchFolder } from "../../support/scratch.ts";

/** A folder for a log, gone with {@link LogFolder.remove}. */
export class LogFolder {
  readonly #scratch = scratchFolder("log");
  readonly path = join(this.#scratch, "log");

  file(name = "events.jsonl"): string {
    return join(this.path, name);
  }

  text(name = "events.jsonl"): string {
    return readFileSync(this.file(name), "utf8");
  }

  /** Records of one file; lines that are none are left out. */
  records(name = "events.jsonl"): LogRecord[] {
    return this.text(name)
      .split("\n")
      .map(parseRecord)
      .filter((record) => record !== null);
  }

  remove(): void {
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}
