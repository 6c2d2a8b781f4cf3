import { isAbsolute } from "node:path";
import type { Origin } from "../resource.ts";

/** An option of the command line and its value, or a QMP command and its arguments. */
export class Argument {
  /** Without dashes. */
  readonly option: string;
  readonly value: string;
  readonly #index: number;
  readonly #folder: string;
  readonly #piece: string | null;

  /**
   * `index`: of the option among the arguments, 0 for a QMP command. `folder`: the base of relative
   * names. `piece`: see `Origin`.
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

  part(value: string): Argument {
    return new Argument(this.option, value, this.#index, this.#folder, this.#piece);
  }

  get named(): string {
    return this.#index === 0 ? this.option : `-${this.option}`;
  }

  origin(offset: number | null = null): Origin {
    const text = `${this.named}${this.value === "" ? "" : ` ${this.value}`}`;
    return { argument: this.#index, text, offset, piece: this.#piece };
  }

  /**
   * The absolute name that QEMU would open. Keeps `..`: only the kernel knows where it leads after
   * a link.
   */
  path(name: string): string {
    return isAbsolute(name) ? name : `${this.#folder}/${name}`;
  }
}
