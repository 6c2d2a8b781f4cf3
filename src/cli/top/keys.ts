import { figures, number } from "./columns.ts";
import type { Choices } from "./screen.ts";

/** Seconds between two readings. */
export const DELAY_MIN_S = 1;
export const DELAY_MAX_S = 3_600;
/** Characters of a delay as it is typed. */
const TYPED_LENGTH_MAX = 6;

export type Reaction =
  | { readonly kind: "quit" }
  | { readonly kind: "suspend" }
  | { readonly kind: "read" }
  | { readonly kind: "choose"; readonly choices: Choices };

/** `page`: rows of domains on the screen; `rows`: of all domains. null for a key without effect. */
export function react(key: string, choices: Choices, page: number, rows: number): Reaction | null {
  if (key === "quit") return { kind: "quit" };
  if (key === "suspend") return { kind: "suspend" };
  if (choices.typed !== null) return type(key, choices, choices.typed);
  if (choices.page === "help") return choose({ ...choices, page: "domains" });
  if (key === "q") return { kind: "quit" };
  if (key === "space") return { kind: "read" };
  if (key === "h" || key === "?") return choose({ ...choices, page: "help" });
  if (key === "d" || key === "s") return choose({ ...choices, typed: "" });
  if (key === "a") return choose({ ...choices, runningOnly: !choices.runningOnly, above: 0 });
  if (isSortKey(key))
    return choose({ ...choices, sort: key, reversed: isTurned(key, choices), above: 0 });
  const above = moved(key, choices.above, page);
  return above === null
    ? null
    : choose({ ...choices, above: Math.max(0, Math.min(above, rows - page)) });
}

function choose(choices: Choices): Reaction {
  return { kind: "choose", choices };
}

function isSortKey(key: string): boolean {
  return [number, ...figures].some((column) => column.key === key);
}

function isTurned(key: string, { sort, reversed }: Choices): boolean {
  return key === sort && !reversed;
}

function moved(key: string, above: number, page: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    down: 1,
    "page up": -page,
    "page down": page,
  };
  if (key === "home") return 0;
  const step = steps[key];
  return step === undefined ? null : above + step;
}

/** A delay that is out of bounds has no effect. */
function type(key: string, choices: Choices, typed: string): Reaction | null {
  if (key === "escape") return choose({ ...choices, typed: null });
  if (key === "backspace") return choose({ ...choices, typed: typed.slice(0, -1) });
  if (key === "enter")
    return choose({ ...choices, typed: null, delay: parseDelay(typed) ?? choices.delay });
  if (!/^[\d.]$/.test(key) || typed.length >= TYPED_LENGTH_MAX) return null;
  return choose({ ...choices, typed: typed + key });
}

/** Seconds, `5` or `2.5`; null if it is no number or out of bounds. */
export function parseDelay(text: string): number | null {
  if (!/^\d{1,4}(?:\.\d{1,3})?$/.test(text)) return null;
  const seconds = Number(text);
  return seconds >= DELAY_MIN_S && seconds <= DELAY_MAX_S ? seconds : null;
}
