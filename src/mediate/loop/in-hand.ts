/**
 * Names the domain that the loop works for at this moment. Every step of the loop runs inside
 * {@link InHand.run}, also those for no domain, so that a stand-by can see which domain keeps the
 * loop waiting (`shared/watched-steps.ts`).
 */
export interface InHand {
  /** `domain`: the number of its {@link DomainLoop}, or {@link NO_DOMAIN}. Steps do not nest. */
  run(domain: number, step: () => void): void;
}

/** Work for all domains, such as a new connection or a change of mounts. */
export const NO_DOMAIN = 0;

/** For a mediator of a single domain, which can keep only itself waiting. */
export const unwatched: InHand = {
  run: (_domain, step) => step(),
};
