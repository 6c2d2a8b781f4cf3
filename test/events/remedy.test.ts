import { expect, test } from "vitest";
import { remedyOf } from "../../src/events/remedy.ts";
import { policy } from "../model/helpers/policy.ts";

const request = { class: "name", operation: "write", path: "/etc/cofferdam/x" } as const;

test("a line is proposed only if it would help", () => {
  expect(remedyOf(policy(), request, "no-rule").allow).toEqual({
    section: "files",
    line: "w /etc/cofferdam/x",
  });
  expect(remedyOf(policy(), request, "own-object").allow).toBeNull();
  expect(remedyOf(policy(), request, "rule")).toMatchObject({
    allow: null,
    help: expect.stringContaining("deny beats allow"),
  });
});
