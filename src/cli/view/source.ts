import type { Reading } from "../../sessions/view/reading.ts";

/**
 * Where `top` has its readings from: the host itself, or the session server where the sandbox shows
 * nothing.
 */
export interface ViewSource {
  reading(): Promise<Reading>;
}
