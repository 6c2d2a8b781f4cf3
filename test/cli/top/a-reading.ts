import type { DomainReading, Reading } from "../../../src/sessions/view/reading.ts";

export function aDomain(
  name: string,
  number: number | null,
  more: Partial<DomainReading> = {},
): DomainReading {
  return {
    ...{ name, number, level: "enforcing", mode: "sealed", processes: 1, cpu: 0 },
    ...{ resident: 4_096, descriptors: 3, events: 0 },
    ...more,
  };
}

export function aReading(
  seconds: number,
  domains: readonly DomainReading[],
  more: Partial<Reading> = {},
): Reading {
  return {
    ...{ time: "2026-01-31T16:00:59.250Z", seconds, meter: "one", agent: null, domains },
    host: {
      ...{ name: "host", uptime: 90_000, processors: 2, load: [0.5, 0.25, 0.125] },
      ...{ memory: 4 * 1024 ** 3, available: 3 * 1024 ** 3 },
    },
    ...more,
  };
}
