import { LINE_BYTES_MAX } from "../limits.ts";

/**
 * Cuts a stream into lines. A line beyond the limit is dropped as a whole and counted, so that
 * memory stays bounded.
 */
export class Lines {
  readonly #sink: (line: string) => void;
  #rest: Buffer = Buffer.alloc(0);
  #skipping = false;
  #dropped = 0;

  constructor(sink: (line: string) => void) {
    this.#sink = sink;
  }

  get dropped(): number {
    return this.#dropped;
  }

  add(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      if (this.#skipping) this.#skipping = false;
      else this.#sink(bytes.toString("utf8", 0, end));
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > LINE_BYTES_MAX) {
      if (!this.#skipping) this.#dropped += 1;
      this.#skipping = true;
      bytes = Buffer.alloc(0);
    }
    this.#rest = Buffer.from(bytes);
  }
}
