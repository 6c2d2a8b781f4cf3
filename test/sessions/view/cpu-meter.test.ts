import { expect, test } from "vitest";
import { CpuMeter } from "../../../src/sessions/view/cpu-meter.ts";

const source = (key: string, owner: string, used: number) => ({ key, owner, used });

test("counts from the first look on, and what is new later from its beginning", () => {
  const meter = new CpuMeter();
  meter.add([source("1", "web", 1_000)]);
  expect(meter.of("web")).toBe(0);
  meter.add([source("1", "web", 1_500), source("2", "web", 70)]);
  expect(meter.of("web")).toBe(570);
});

test("what has ended stays counted, and an id given again is another source", () => {
  const meter = new CpuMeter();
  meter.add([]);
  meter.add([source("7 start 1", "web", 100)]);
  meter.add([]);
  meter.add([source("7 start 2", "web", 30)]);
  expect(meter.of("web")).toBe(130);
});

test("what moves to another owner is counted there from then on, and nothing ever shrinks", () => {
  const meter = new CpuMeter();
  meter.add([source("1", "superDom", 100)]);
  meter.add([source("1", "superDom", 150)]);
  meter.add([source("1", "web", 170)]);
  meter.add([source("1", "web", 160)]);
  expect([meter.of("superDom"), meter.of("web")]).toEqual([50, 20]);
});
