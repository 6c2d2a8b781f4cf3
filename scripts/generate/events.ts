import { eventsDoc } from "../../src/events/doc/events-doc.ts";

/** `docs/events.md`, with examples by the code that writes such lines. */
export function generate(): { path: string; text: string }[] {
  return [{ path: "docs/events.md", text: eventsDoc() }];
}
