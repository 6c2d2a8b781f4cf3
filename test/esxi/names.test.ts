import { expect, test } from "vitest";
import { esxiName, findDomain, ownName } from "../../src/esxi/language/names.ts";

test.each([
  ["nginx", "nginxDom"],
  ["redis-server", "redis-serverDom"],
  ["vm@web1", "vm@web1"],
  ["appDom", "appDom"],
])("%s is printed as %s, and read as a domain that is printed so again", (own, printed) => {
  expect(esxiName(own)).toBe(printed);
  expect(esxiName(ownName(printed) ?? "")).toBe(printed);
});

test.each(["superDom", "Dom", "", "../x", "a b", "-x", "x/y"])("`%s` becomes no domain", (name) => {
  expect(ownName(name)).toBeNull();
});

test("a domain of exactly the given name is meant before one that is printed so", () => {
  const domains = [{ name: "app" }, { name: "appDom" }];
  expect(findDomain("appDom", domains)).toBe(domains[1]);
  expect(findDomain("app", domains)).toBe(domains[0]);
  expect(findDomain("appDom", domains.slice(0, 1))).toBe(domains[0]);
  expect(findDomain("ap", domains)).toBeNull();
});
