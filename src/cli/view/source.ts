import type { Reading } from "../../sessions/view/reading.ts";

/** Where `top` gets its readings: the host itself, or inside the sandbox the session server. */
export interface ViewSource {
  reading(): Promise<Reading>;
}
