/**
 * What the loop works for at this moment. Each step that it takes for a domain, and each that it
 * takes for none, runs inside {@link InHand.run}, so that a stand-by can see which domain keeps the
 * loop waiting (`shared/watched-loop.ts`).
 */
export interface InHand {
  /** `domain`: number of its {@link DomainLoop}, or {@link NO_DOMAIN}. Steps do not nest. */
  run(domain: number, step: () => void): void;
}

/** What all domains need: a new connection, a change of mounts. */
export const NO_DOMAIN = 0;

/** Of a mediator that serves one domain: the domain that keeps it waiting is its own. */
export const unwatched: InHand = {
  run: (_domain, step) => step(),
};
