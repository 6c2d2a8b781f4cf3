import { SLASH } from "./byte-set.ts";
import type { Token } from "./types.ts";

/**
 * How far a name has matched a flat pattern, byte by byte. `places`: this many tokens are matched.
 * `inside`: within a component that the `tree` token of that index skips. All are followed in
 * parallel, so a byte costs at most the number of tokens.
 */
export class Places {
  readonly places: number[] = [];
  readonly inside: number[] = [];
  private readonly seen: Uint8Array;

  constructor(size: number) {
    this.seen = new Uint8Array(size + 1);
  }

  /** The position after the first `matched` tokens. */
  static after(tokens: readonly Token[], matched: number): Places {
    const places = new Places(tokens.length);
    places.add(tokens, matched);
    return places;
  }

  /** No longer name is matched. */
  get isStuck(): boolean {
    return this.places.length + this.inside.length === 0;
  }

  has(place: number): boolean {
    return ((this.seen[place] as number) & 1) !== 0;
  }

  next(tokens: readonly Token[], byte: number): Places {
    const next = new Places(tokens.length);
    for (const place of this.places) next.advance(tokens, place, byte);
    for (const place of this.inside) next.skip(tokens, place, byte);
    return next;
  }

  private advance(tokens: readonly Token[], place: number, byte: number): void {
    const token = tokens[place];
    if (token === undefined) return;
    if (token.kind === "byte" && token.byte === byte) this.add(tokens, place + 1);
    else if (token.kind === "set" && token.members[byte] === 1) this.add(tokens, place + 1);
    else if (token.kind === "star" && byte !== SLASH) this.add(tokens, place);
    else if (token.kind === "globstar") this.add(tokens, place);
    else if (token.kind === "tree") this.enter(place);
  }

  private skip(tokens: readonly Token[], place: number, byte: number): void {
    this.enter(place);
    if (byte === SLASH) this.add(tokens, place + 1);
  }

  private add(tokens: readonly Token[], place: number): void {
    if (this.has(place)) return;
    this.seen[place] = (this.seen[place] as number) | 1;
    this.places.push(place);
    const kind = tokens[place]?.kind;
    if (kind === "star" || kind === "globstar" || kind === "tree") this.add(tokens, place + 1);
  }

  private enter(place: number): void {
    if (((this.seen[place] as number) & 2) !== 0) return;
    this.seen[place] = (this.seen[place] as number) | 2;
    this.inside.push(place);
  }
}
