import { expect, test } from "vitest";
import { filesLike, linesMatching } from "./tree.ts";

test("the mediator has one exception that settles a call, and one that ends itself", () => {
  const classes = filesLike([".ts"], ["src/mediate/"])
    .flatMap((file) => linesMatching(file, /\bclass \w+ extends \w*Error\b/))
    .map((line) => /class (\w+)/.exec(line)?.[1]);
  expect(classes.sort()).toEqual(["IdentityLost", "Settled"]);
});

test("what domains have is kept in them, not beside them", () => {
  const beside = filesLike([".ts"], ["src/mediate/"]).flatMap((file) =>
    linesMatching(file, /\bnew WeakMap\b/),
  );
  expect(beside).toEqual([]);
});
