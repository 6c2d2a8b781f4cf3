import { expect, test } from "vitest";
import { remedyOf } from "../../src/events/remedy.ts";

const request = { class: "name", operation: "write", path: "/etc/cofferdam/x" } as const;

test("a line is proposed only if it would help", () => {
  expect(remedyOf(request, "no-rule").allow).toEqual({
    section: "files",
    line: "w /etc/cofferdam/x",
  });
  expect(remedyOf(request, "own-object").allow).toBeNull();
  expect(remedyOf(request, "rule")).toMatchObject({
    allow: null,
    help: expect.stringContaining("deny beats allow"),
  });
});
