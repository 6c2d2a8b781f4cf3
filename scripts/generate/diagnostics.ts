import { catalogueMarkdown } from "../../src/diagnostics/catalogue-markdown.ts";

/** `docs/diagnostics.md`, from the catalogue. */
export function generate(): { path: string; text: string }[] {
  return [{ path: "docs/diagnostics.md", text: catalogueMarkdown() }];
}
