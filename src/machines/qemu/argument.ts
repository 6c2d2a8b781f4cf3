import { isAbsolute } from "node:path";
import type { Origin } from "../resource.ts";

/** One option of a command line with its value, or a command of QMP with what it names. */
export class Argument {
  /** Without dashes. */
  readonly option: string;
  readonly value: string;
  readonly #index: number;
  readonly #folder: string;
  readonly #piece: string | null;

  /**
   * `index`: of the option among the arguments, 0 for a command of QMP. `folder`: what relative
   * names start from. `piece`: see `Origin`.
   */
  constructor(
    option: string,
    value: string,
    index: number,
    folder: string,
    piece: string | null = null,
  ) {
    this.option = option;
    this.value = value;
    this.#index = index;
    this.#folder = folder;
    this.#piece = piece;
  }

  /** A part of the value, read by itself. */
  part(value: string): Argument {
    return new Argument(this.option, value, this.#index, this.#folder, this.#piece);
  }

  /** As it was written. */
  get named(): string {
    return this.#index === 0 ? this.option : `-${this.option}`;
  }

  origin(offset: number | null = null): Origin {
    const text = `${this.named}${this.value === "" ? "" : ` ${this.value}`}`;
    return { argument: this.#index, text, offset, piece: this.#piece };
  }

  /**
   * The absolute name that QEMU would open; `..` stays, since only the kernel knows where it leads.
   */
  path(name: string): string {
    return isAbsolute(name) ? name : `${this.#folder}/${name}`;
  }
}
