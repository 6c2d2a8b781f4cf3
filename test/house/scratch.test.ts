import { expect, test } from "vitest";
import { filesLike, read } from "./tree.ts";

test("scratch folders of tests come from test/support/scratch.ts, which removes them", () => {
  const others = filesLike([".ts"], ["test/"]).filter(
    (file) => file !== "test/support/scratch.ts" && /\bmkdtemp(Sync)?\(/.test(read(file)),
  );
  expect(others).toEqual([]);
});
