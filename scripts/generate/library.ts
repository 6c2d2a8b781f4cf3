import { testsPage } from "../../test/library/debian-tests/page.ts";
import { libraryPage } from "../../test/library/page.ts";

/** Of what `npm run library` has seen. */
export function generate(): { path: string; text: string }[] {
  return [
    { path: "docs/library.md", text: libraryPage() },
    { path: "docs/debian-tests.md", text: testsPage() },
  ];
}
