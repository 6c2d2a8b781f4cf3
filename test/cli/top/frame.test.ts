import { describe, expect, test } from "vitest";
import { CsvTable } from "../../../src/cli/top/csv.ts";
import { frameOf } from "../../../src/cli/top/frame.ts";
import { aDomain, aReading } from "./a-reading.ts";

describe("rates", () => {
  const before = aReading(10, [aDomain("web", 49, { cpu: 1_000_000, events: 7 })]);

  test("are of one processor, and of the time between the readings", () => {
    const now = aReading(14, [aDomain("web", 49, { cpu: 7_000_000, events: 9 })]);
    expect(frameOf(before, now)).toMatchObject({
      interval: 4,
      domains: [{ name: "web", cpuPercent: 150, eventsPerSecond: 0.5, events: 9 }],
    });
  });

  test("of a domain that has come since are of all that it used", () => {
    const now = aReading(12, [...before.domains, aDomain("new", 50, { cpu: 500_000, events: 4 })]);
    expect(frameOf(before, now).domains[1]).toMatchObject({ cpuPercent: 25, eventsPerSecond: 2 });
  });

  test("go on when the day's count begins anew, and are unknown where nobody counts", () => {
    const withEvents = (events: number | null) =>
      frameOf(before, aReading(12, [aDomain("web", 49, { events })]));
    expect(withEvents(3).domains[0]?.eventsPerSecond).toBe(1.5);
    expect(withEvents(null).domains[0]?.eventsPerSecond).toBeNull();
  });

  test("there are none without a reading of the same meter before", () => {
    const now = aReading(3, [aDomain("web", 49, { cpu: 9, events: 9 })], { meter: "another" });
    for (const first of [null, before])
      expect(frameOf(first, now)).toMatchObject({
        interval: 0,
        domains: [{ cpuPercent: 0, eventsPerSecond: 0 }],
      });
  });

  test("a user's domain of the same name is another one", () => {
    const domains = [
      aDomain("web", 49, { cpu: 1_000_000 }),
      aDomain("web", null, { cpu: 3_000_000 }),
    ];
    const [host, user] = frameOf(
      aReading(0, [aDomain("web", null), aDomain("web", 49)]),
      aReading(1, domains),
    ).domains;
    expect([host?.cpuPercent, user?.cpuPercent]).toEqual([100, 300]);
  });
});

describe("comma-separated values", () => {
  const first = frameOf(
    null,
    aReading(0, [aDomain("superDom", 0), aDomain("web", 49, { descriptors: null })]),
  );

  test("one column a domain and counter, every cell in quotes, the first one says the form", () => {
    const { head } = new CsvTable(first);
    const cells = head.trimEnd().split(",");
    expect(cells[0]).toBe('"(PDH-CSV 4.0) (UTC)(0)"');
    expect(cells).toHaveLength(1 + 2 * 6);
    expect(cells[7]).toBe('"\\\\host\\Domain(49:web)\\% CPU"');
  });

  test("a line has a cell per column; unknown values are empty, a gone domain has none", () => {
    const table = new CsvTable(first);
    expect(table.row(first)).toEqual({
      text:
        '"01/31/2026 ' +
        '16:00:59","0.00","4096","1","3","0.00","0","0.00","4096","1","","0.00","0"\n',
      strangers: [],
    });
    const later = frameOf(null, aReading(1, [aDomain("superDom", 0), aDomain("new", 50)]));
    const { text, strangers } = table.row(later);
    expect(text.split(",").slice(7)).toEqual(['"0"', '"0"', '"0"', '"0"', '"0"', '"0"\n']);
    expect(strangers).toEqual(["50:new"]);
  });

  test("a name cannot leave its cell or its line", () => {
    const hostile = frameOf(null, aReading(0, [aDomain('a"\n=1,\u001b]0;x\u0007', null)]));
    const { head } = new CsvTable(hostile);
    expect(head.match(/\n/g)).toHaveLength(1);
    expect(head).toContain('Domain(-:a""\\u{a}=1,\\u{1b}]0;x\\u{7})');
  });
});
