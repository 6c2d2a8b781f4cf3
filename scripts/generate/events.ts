import { eventsDoc } from "../../src/events/doc/events-doc.ts";

/** `docs/events.md`; the code that writes such lines makes the examples. */
export function generate(): { path: string; text: string }[] {
  return [{ path: "docs/events.md", text: eventsDoc() }];
}
