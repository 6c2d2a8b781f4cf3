import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundleTests } from "./bundle.ts";

const folder = join(import.meta.dirname, "debian/guest");
const suites = readdirSync(folder)
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join(folder, name))
  .filter((file) => readFileSync(file, "utf8").includes(": Suite = {"));

test.each(suites)("%s runs where no modules are installed", async (file) => {
  expect(await bundleTests(`export * from ${JSON.stringify(file)};`)).not.toMatch(/from "koffi"/);
});
