import { expect, test } from "vitest";
import { layersFrom, layerViolation } from "./layers.ts";
import { filesLike, importsOf, read } from "./tree.ts";

const layers = layersFrom(read("ARCHITECTURE.md"));
const sources = filesLike([".ts"], ["src/"]);
const packages = new Set(Object.keys(JSON.parse(read("package.json")).dependencies));

test("the table of ARCHITECTURE.md names every folder of src/", () => {
  const folders = new Set(sources.map((file) => file.split("/")[1]));
  expect([...folders].sort()).toEqual([...layers.keys()].sort());
});

test("layers import downwards only", () => {
  const violations = sources.flatMap((file) =>
    importsOf(file)
      .filter((target) => target.includes("/") && target.endsWith(".ts"))
      .map((target) => layerViolation(layers, file, target))
      .filter((violation) => violation !== null),
  );
  expect(violations).toEqual([]);
});

test("an upward import would be found", () => {
  const imports = importsOf("src/model/x.ts", 'import type { Plan } from "../plan/plan.ts";\n');
  expect(imports).toEqual(["src/plan/plan.ts"]);
  expect(layerViolation(layers, "src/model/x.ts", "src/plan/plan.ts")).toContain(
    "may not import src/plan/",
  );
  expect(layerViolation(layers, "src/plan/x.ts", "src/model/policy.ts")).toBeNull();
  expect(layerViolation(layers, "src/cli/x.ts", "src/kernel/ffi.ts")).toBeNull();
  expect(layerViolation(layers, "src/cli/x.ts", "test/house/tree.ts")).toContain("outside src/");
});

test("a file of a kind of rule belongs to the layer that it is named after", () => {
  const violation = (file: string, target: string) => layerViolation(layers, file, target);
  expect(violation("src/kinds/ipc/model.ts", "src/policy/key.ts")).toContain(
    "src/model/ may not import src/policy/",
  );
  expect(violation("src/kinds/ipc/policy.ts", "src/policy/key.ts")).toBeNull();
  expect(violation("src/model/x.ts", "src/kinds/ipc/model.ts")).toBeNull();
  expect(violation("src/model/x.ts", "src/kinds/policy.ts")).toContain("may not import");
  expect(violation("src/kinds/ipc/other.ts", "src/model/rule.ts")).toContain("does not name");
});

test("only src/kernel/ffi.ts imports koffi", () => {
  const importers = filesLike([".ts", ".mjs"]).filter((file) => importsOf(file).includes("koffi"));
  expect(importers).toEqual(["src/kernel/ffi.ts"]);
});

test("sources import no package that package.json does not list as a dependency", () => {
  const strangers = sources.flatMap((file) =>
    importsOf(file)
      .filter((name) => !name.startsWith("node:") && !name.endsWith(".ts") && !packages.has(name))
      .map((name) => `${file}: ${name}`),
  );
  expect(strangers).toEqual([]);
});
