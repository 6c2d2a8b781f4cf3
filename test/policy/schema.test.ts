import { dirname, join } from "node:path/posix";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { policySchema } from "../../src/policy/schema.ts";
import { files, filesLike, read } from "../house/tree.ts";

/** Codes of what a schema can see: keys, shapes, choices, empty values, and how a line begins. */
const SHAPE = /\/web\.yaml:\S+ error (CFD1110|CFD1111|CFD1112|CFD1113|CFD1116|CFD1119|CFD1204): /;

const schema = z.fromJSONSchema(policySchema() as Parameters<typeof z.fromJSONSchema>[0]);
const accepts = (file: string) =>
  schema.safeParse(parse(read(file), { schema: "failsafe", logLevel: "silent" })).success;

const shipped = filesLike([".yaml"], ["domains/"]).filter(
  (file) => !file.includes("/abstractions/") && !file.includes("/cases/"),
);
const fixtures = filesLike([".yaml"], ["test/policy/fixtures/"]).filter(
  (file) => !file.includes("/abstractions/"),
);
const said = (file: string) => {
  const expected = join(dirname(file), "expected.txt");
  return files.includes(expected) ? read(expected) : "";
};

describe("an editor that has the schema says what the parser says", () => {
  const loads = [...shipped, ...fixtures.filter((file) => !said(file).includes(" error "))];
  it.each(loads)("accepts %s, which the parser accepts", (file) => {
    expect(accepts(file)).toBe(true);
  });

  const misshapen = fixtures.filter((file) => file.endsWith("/web.yaml") && SHAPE.test(said(file)));
  it.each(misshapen)("refuses %s, whose shape the parser refuses", (file) => {
    expect(accepts(file)).toBe(false);
  });

  it("both kinds were tried", () => {
    expect(loads.length).toBeGreaterThan(shipped.length + 20);
    expect(misshapen.length).toBeGreaterThan(5);
  });
});
