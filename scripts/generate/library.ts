import { libraryPage } from "../../test/library/page.ts";

/** `docs/library.md`, of what `npm run library` has seen. */
export function generate(): { path: string; text: string }[] {
  return [{ path: "docs/library.md", text: libraryPage() }];
}
