import { isAbsolute } from "node:path";
import type { Origin } from "../resource.ts";

/** One option of a command line with its value, or a command of QMP with what it names. */
export class Argument {
  /** Without dashes. */
  readonly option: string;
  readonly value: string;
  readonly #index: number;
  readonly #folder: string;

  /** `index`: of the option among the arguments, 0 for a command of QMP. `folder`: what relative names start from. */
  constructor(option: string, value: string, index: number, folder: string) {
    this.option = option;
    this.value = value;
    this.#index = index;
    this.#folder = folder;
  }

  /** A part of the value, read by itself. */
  part(value: string): Argument {
    return new Argument(this.option, value, this.#index, this.#folder);
  }

  /** As it was written. */
  get named(): string {
    return this.#index === 0 ? this.option : `-${this.option}`;
  }

  origin(offset: number | null = null): Origin {
    return { argument: this.#index, text: `${this.named}${this.value === "" ? "" : ` ${this.value}`}`, offset };
  }

  /** The absolute name that QEMU would open; `..` stays, since only the kernel knows where it leads. */
  path(name: string): string {
    return isAbsolute(name) ? name : `${this.#folder}/${name}`;
  }
}
