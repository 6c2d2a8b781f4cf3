import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { expect, test } from "vitest";
import { filesLike, read, root } from "./tree.ts";

const link = /\]\(([^)\s]+)\)/g;
const heading = /^#+ +(.*)$/gm;

/** The anchor a heading gets on the usual forges. */
function anchor(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function problem(file: string, target: string): string | null {
  if (/^[a-z]+:/.test(target)) return null;
  const [path = "", fragment] = target.split("#");
  const linked = path === "" ? file : posix.join(posix.dirname(file), path);
  if (!existsSync(join(root, linked))) return `${file}: ${target} leads nowhere`;
  if (fragment === undefined || !linked.endsWith(".md")) return null;
  const anchors = [...read(linked).matchAll(heading)].map((match) => anchor(match[1] ?? ""));
  return anchors.includes(fragment) ? null : `${file}: ${target} names no heading`;
}

test("links in documents resolve", () => {
  const pages = filesLike([".md"]);
  const links = pages.flatMap((file) =>
    [...read(file).matchAll(link)].map((match) => [file, match[1] ?? ""] as const),
  );
  expect(links.length).toBeGreaterThan(0);
  expect(
    links.map(([file, target]) => problem(file, target)).filter((text) => text !== null),
  ).toEqual([]);
});
