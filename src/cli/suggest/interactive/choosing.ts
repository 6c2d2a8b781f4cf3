import type { Proposal } from "../../../suggest/proposal.ts";

/** A proposed line, and why a person should think twice. */
export type Judged = Proposal & { readonly dangers: readonly string[] };

/** What is decided by one key: a proposal, or lines in its place. */
export interface Item {
  /** From the narrowest; each is one line or several. */
  readonly variants: readonly (readonly Judged[])[];
  /** Which of them `suggest` proposes. */
  readonly usual: number;
}

/** `covered`: lines that were taken before grant all that it is for. */
export type Step =
  | { readonly kind: "taken"; readonly variant: number }
  | { readonly kind: "left" }
  | { readonly kind: "covered" };

/** Everything that keys change. */
export interface Choosing {
  /** What was decided, an item each, from the first. */
  readonly steps: readonly Step[];
  /** Of the item that is shown; null for the one that `suggest` proposes. */
  readonly variant: number | null;
  readonly page: "line" | "events" | "preview" | "help";
  /** Lines scrolled off at the top. */
  readonly above: number;
  /** The characters of the word so far; null while none is asked for. */
  readonly typed: string | null;
  readonly message: string | null;
}

/** What the keys are about. */
export interface Scene {
  readonly count: number;
  readonly item: (at: number) => Item;
  /** Whether the lines taken so far grant all that an item is for. */
  readonly isCovered: (at: number, steps: readonly Step[]) => boolean;
  /** Why the lines that were taken may not be written by one key: the first reason, or null. */
  readonly unconfirmed: (steps: readonly Step[]) => string | null;
  /** Why they cannot be written at all. */
  readonly unwritable: (steps: readonly Step[]) => string | null;
  /** Lines of the page that fit the screen, and of the whole page. */
  readonly room: number;
  readonly length: number;
}

export type Reaction =
  | { readonly kind: "quit" }
  | { readonly kind: "suspend" }
  | { readonly kind: "write" }
  | { readonly kind: "choose"; readonly choosing: Choosing };

/** To be typed in full before a dangerous line is taken; also an option of `exception add`. */
export const WORD = "dangerous";

export const firstChoosing: Choosing = {
  steps: [],
  variant: null,
  page: "line",
  above: 0,
  typed: null,
  message: null,
};

/** The item that is shown; `count` when all are decided. */
export function itemAt({ steps }: Choosing): number {
  return steps.length;
}

export function variantAt({ variant }: Choosing, { usual }: Item): number {
  return variant ?? usual;
}

/** null for a key without effect. */
export function react(key: string, choosing: Choosing, scene: Scene): Reaction | null {
  if (key === "quit") return { kind: "quit" };
  if (key === "suspend") return { kind: "suspend" };
  if (choosing.typed !== null) return type(key, choosing, choosing.typed, scene);
  if (key === "q") return { kind: "quit" };
  const now = { ...choosing, message: null };
  const above = moved(key, choosing.above, scene);
  if (above !== null) return choose({ ...now, above });
  if (choosing.page === "preview") return inPreview(key, now, scene);
  if (choosing.page !== "line") return choose({ ...now, page: "line", above: 0 });
  return onLine(key, now, scene);
}

function choose(choosing: Choosing): Reaction {
  return { kind: "choose", choosing };
}

function onLine(key: string, now: Choosing, scene: Scene): Reaction | null {
  const item = scene.item(itemAt(now));
  const variant = variantAt(now, item);
  switch (key) {
    case "t": {
      const isDangerous = item.variants[variant]?.some(({ dangers }) => dangers.length > 0);
      return choose(isDangerous ? { ...now, typed: "" } : taken(now, scene));
    }
    case "l":
      return choose(next(now, [...now.steps, { kind: "left" }], scene));
    case "n":
      return choose(variant > 0 ? other(now, variant - 1) : said(now, "no narrower line"));
    case "w":
      return choose(
        variant < item.variants.length - 1
          ? other(now, variant + 1)
          : said(now, "no wider line that `suggest` knows"),
      );
    case "u":
      return choose(undone(now));
    case "e":
      return choose({ ...now, page: "events", above: 0 });
    case "p":
      return choose({ ...now, page: "preview", above: 0 });
    case "h":
    case "?":
      return choose({ ...now, page: "help", above: 0 });
    default:
      return null;
  }
}

function inPreview(key: string, now: Choosing, scene: Scene): Reaction | null {
  if (key === "u") {
    const isEnd = itemAt(now) >= scene.count;
    return choose(isEnd ? undone(now) : { ...now, page: "line", above: 0 });
  }
  if (key !== "y") return null;
  const problem = scene.unwritable(now.steps);
  if (problem !== null) return choose(said(now, problem));
  return scene.unconfirmed(now.steps) === null ? { kind: "write" } : choose({ ...now, typed: "" });
}

/** The word is asked for: of the line that is shown, or of all that were taken. */
function type(key: string, now: Choosing, typed: string, scene: Scene): Reaction | null {
  if (key === "escape") return choose({ ...now, typed: null });
  if (key === "backspace") return choose({ ...now, typed: typed.slice(0, -1) });
  if (key !== "enter") {
    const isLetter = /^[a-z]$/.test(key) && typed.length < WORD.length;
    return isLetter ? choose({ ...now, typed: typed + key }) : null;
  }
  if (typed !== WORD)
    return choose(said({ ...now, typed: null }, `not done: the word is \`${WORD}\``));
  return now.page === "preview" ? { kind: "write" } : choose(taken(now, scene));
}

function taken(now: Choosing, scene: Scene): Choosing {
  const variant = variantAt(now, scene.item(itemAt(now)));
  return next(now, [...now.steps, { kind: "taken", variant }], scene);
}

/** Goes on to the next item that is not covered, or to the preview. */
function next(now: Choosing, steps: readonly Step[], scene: Scene): Choosing {
  const all = [...steps];
  while (all.length < scene.count && scene.isCovered(all.length, all))
    all.push({ kind: "covered" });
  const page = all.length >= scene.count ? "preview" : "line";
  return { ...now, steps: all, variant: null, page, above: 0, typed: null };
}

/** Back to the item that was decided last, as it was shown then. */
function undone(now: Choosing): Choosing {
  const last = now.steps.findLastIndex(({ kind }) => kind !== "covered");
  const step = now.steps[last];
  if (step === undefined) return said(now, "this is the first line");
  return {
    ...now,
    steps: now.steps.slice(0, last),
    variant: step.kind === "taken" ? step.variant : null,
    page: "line",
    above: 0,
  };
}

function other(now: Choosing, variant: number): Choosing {
  return { ...now, variant, above: 0 };
}

function said(now: Choosing, message: string): Choosing {
  return { ...now, message };
}

function moved(key: string, above: number, { room, length }: Scene): number | null {
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    down: 1,
    "page up": -room,
    "page down": room,
    space: room,
  };
  if (key === "home") return 0;
  const step = steps[key];
  return step === undefined ? null : Math.max(0, Math.min(above + step, length - room));
}
