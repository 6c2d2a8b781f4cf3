import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generate } from "../../scripts/generate/plan.ts";

test.each(generate())("$path is what the layout generates", ({ path, text }) => {
  const written = readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  expect(words(written)).toBe(words(text));
});

/** `scripts/generate.mjs` wraps documents; `--check` compares them to the byte. */
function words(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}
