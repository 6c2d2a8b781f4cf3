/** Names of a host's tree that a policy grants something on. */
export interface Width {
  readonly reached: number;
  /** Of these, names that the abstraction `base` does not grant: the policy's own. */
  readonly own: number;
  /** Of these, names that may be written, made, removed, or have their attributes changed. */
  readonly changed: number;
}

/** What one daemon's afternoon came to. */
export interface Result {
  readonly name: string;
  /** Why it ended early; null for one that came to its end. */
  readonly failure: string | null;
  /** Starts between the first command and level enforcing. */
  readonly starts: number;
  readonly lines: {
    readonly drafted: number;
    readonly suggested: number;
    /** Dangerous lines of draft and suggestion that no one took. */
    readonly left: readonly string[];
    /** Dangerous lines that a person had to take: each is a question. */
    readonly taken: readonly string[];
  };
  /** What `ready` said before `enforce`. */
  readonly verdict: string;
  /** Why not, and accesses that would be denied: the rounds show whether they are missed. */
  readonly outstanding: readonly string[];
  readonly rounds: { readonly passed: number; readonly failed: readonly string[] };
  /** Distinct accesses that were denied, `operation object`; the client did not notice. */
  readonly denied: readonly string[];
  readonly width: { readonly drafted: Width; readonly byHand: Width };
  /** Attempts of `probe` and cases that must be denied; `open`: those that were not. */
  readonly attacks: { readonly tried: number; readonly open: readonly string[] };
  readonly seconds: number;
  /** The unit's last messages; empty if nothing has failed. */
  readonly journal: string;
  /** The policy that came of it. */
  readonly policy: string;
}

/** Of names and of names of its own, the larger ratio. */
export function ratioOf({ width: { drafted, byHand } }: Result): number {
  return Math.max(drafted.reached / byHand.reached, drafted.own / byHand.own);
}
