import { hasError } from "../../../diagnostics/diagnostic.ts";
import type { Proposal } from "../../../suggest/proposal.ts";
import { keysIn } from "../../terminal/keys.ts";
import { Terminal } from "../../terminal/terminal.ts";
import type { Changed } from "../write-lines.ts";
import {
  type Choosing,
  firstChoosing,
  type Item,
  type Judged,
  react,
  type Scene,
  type Step,
} from "./choosing.ts";
import { layoutOf, NOTHING_TAKEN, screenOf, type View } from "./screen.ts";

/** What is chosen from. */
export interface Choices {
  readonly domain: string;
  /** Harmless ones first. */
  readonly proposals: readonly Judged[];
  /** The lines of an item, each judged together with all others. */
  readonly item: (at: number) => Item;
  /** Whether the policy with these lines grants all that an item is for. */
  readonly grants: (lines: readonly Proposal[], at: number) => boolean;
  readonly changed: (lines: readonly Proposal[]) => Changed;
  /** Why a person should think twice about these lines, judged together. */
  readonly judge: (lines: readonly Proposal[]) => readonly Judged[];
  /** The policy's text, and sentences that say which file is written. */
  readonly text: string;
  readonly file: readonly string[];
}

/** What a person has decided. */
export interface Chosen {
  readonly lines: readonly Proposal[];
  /** Proposals that are left out. */
  readonly left: number;
}

/** Shows one proposal after the other. null: the person quits, and nothing is to be written. */
export function choose(choices: Choices, color: boolean): Promise<Chosen | null> {
  return new Session(choices, color).run();
}

class Session {
  readonly #choices: Choices;
  readonly #color: boolean;
  readonly #terminal: Terminal;
  readonly #items = new Map<number, Item>();
  /** By the steps that led to them, because each is asked for at every key. */
  readonly #changed = new WeakMap<readonly Step[], Changed>();
  readonly #doubts = new WeakMap<readonly Step[], { readonly danger: string | null }>();
  readonly #view: View;
  #choosing: Choosing = firstChoosing;
  #end: (chosen: Chosen | null) => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  #isOver = false;

  constructor(choices: Choices, color: boolean) {
    this.#choices = choices;
    this.#color = color;
    this.#view = {
      ...choices,
      item: (at) => this.#item(at),
      lines: (steps) => this.#lines(steps),
      changedBy: (steps) => this.#changedBy(steps),
      unconfirmed: (steps) => this.#unconfirmed(steps),
    };
    this.#terminal = new Terminal({
      keys: (text) =>
        this.#orFail(() => {
          for (const key of keysIn(text)) this.#press(key);
        }),
      changed: () => this.#orFail(() => this.#draw()),
    });
  }

  async run(): Promise<Chosen | null> {
    const chosen = new Promise<Chosen | null>((resolve, reject) => {
      this.#end = (outcome) => {
        this.#isOver = true;
        resolve(outcome);
      };
      this.#fail = reject;
    });
    this.#terminal.open();
    try {
      return await chosen;
    } finally {
      this.#terminal.close();
    }
  }

  /** The terminal is given back before an error is told. */
  #orFail(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#isOver = true;
      this.#fail(error);
    }
  }

  #press(key: string): void {
    if (this.#isOver) return;
    const reaction = react(key, this.#choosing, this.#scene());
    if (reaction === null) return;
    if (reaction.kind === "quit") this.#end(null);
    else if (reaction.kind === "write") this.#end(this.#chosen());
    else if (reaction.kind === "suspend") this.#terminal.suspend();
    else {
      this.#choosing = reaction.choosing;
      this.#draw();
    }
  }

  #chosen(): Chosen {
    const { steps } = this.#choosing;
    const settled = steps.filter(({ kind }) => kind !== "left").length;
    return { lines: this.#lines(steps), left: this.#choices.proposals.length - settled };
  }

  /** That were taken, each once. */
  #lines(steps: readonly Step[]): readonly Judged[] {
    const lines = steps.flatMap((step, at) =>
      step.kind === "taken" ? (this.#item(at).variants[step.variant] ?? []) : [],
    );
    return [...new Map(lines.map((one) => [`${one.section} ${one.line}`, one])).values()];
  }

  #item(at: number): Item {
    const known = this.#items.get(at) ?? this.#choices.item(at);
    this.#items.set(at, known);
    return known;
  }

  #scene(): Scene {
    const { room, page } = layoutOf(this.#view, this.#choosing, this.#terminal.size);
    return {
      count: this.#choices.proposals.length,
      item: (at) => this.#item(at),
      isCovered: (at, steps) => {
        const lines = this.#lines(steps);
        return lines.length > 0 && this.#choices.grants(lines, at);
      },
      unconfirmed: (steps) => this.#unconfirmed(steps),
      unwritable: (steps) => this.#unwritable(steps),
      room,
      length: page.length,
    };
  }

  /** A line that was harmless may be dangerous beside another one that was taken after it. */
  #unconfirmed(steps: readonly Step[]): string | null {
    const doubt = this.#doubts.get(steps) ?? { danger: this.#newDanger(steps) };
    this.#doubts.set(steps, doubt);
    return doubt.danger;
  }

  #newDanger(steps: readonly Step[]): string | null {
    const lines = this.#lines(steps);
    const known = new Map(lines.map(({ line, dangers }) => [line, new Set(dangers)]));
    const found = this.#choices
      .judge(lines)
      .flatMap(({ line, dangers }) =>
        dangers.filter((danger) => !known.get(line)?.has(danger)).map((why) => `${line}: ${why}`),
      );
    return found[0] ?? null;
  }

  #unwritable(steps: readonly Step[]): string | null {
    if (this.#lines(steps).length === 0) return NOTHING_TAKEN;
    const { loaded, diagnostics } = this.#changedBy(steps);
    const isRefused = loaded.policy === null || hasError(diagnostics);
    return isRefused ? "`check` refuses the file with these lines: leave some out" : null;
  }

  #changedBy(steps: readonly Step[]): Changed {
    const changed = this.#changed.get(steps) ?? this.#choices.changed(this.#lines(steps));
    this.#changed.set(steps, changed);
    return changed;
  }

  #draw(): void {
    if (this.#isOver) return;
    this.#terminal.draw(screenOf(this.#view, this.#choosing, this.#terminal.size, this.#color));
  }
}
