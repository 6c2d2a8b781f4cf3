/** One kind of call, as `programs/slowest.c` tells of it; times in microseconds. */
export interface Calls {
  readonly kind: string;
  readonly median: number;
  readonly p999: number;
  readonly most: number;
  readonly count: number;
  readonly failed: number;
}

/** All kinds together: the slowest call, and how many were refused. */
export interface Slowest {
  readonly kind: string;
  readonly most: number;
  readonly p999: number;
  readonly count: number;
  readonly failed: number;
}

/** A kind and five numbers; what else a domain says on the way is no call. */
const LINE = /^(\w+)((?: \d+){5})$/;

export function parseCalls(report: string): readonly Calls[] {
  return report.split("\n").flatMap((line) => {
    const [, kind = "", figures = ""] = LINE.exec(line) ?? [];
    if (kind === "") return [];
    const [median = 0, p999 = 0, most = 0, count = 0, failed = 0] = figures
      .trim()
      .split(" ")
      .map(Number);
    return [{ kind, median, p999, most, count, failed }];
  });
}

/** null where nothing was measured. */
export function slowestOf(calls: readonly Calls[]): Slowest | null {
  const [first, ...others] = calls.filter(({ count }) => count > 0);
  if (first === undefined) return null;
  const slowest = others.reduce((most, one) => (one.most > most.most ? one : most), first);
  const sum = (of: (one: Calls) => number) => calls.reduce((all, one) => all + of(one), 0);
  return {
    kind: slowest.kind,
    most: slowest.most,
    p999: Math.max(...calls.map(({ p999 }) => p999)),
    count: sum(({ count }) => count),
    failed: sum(({ failed }) => failed),
  };
}

/** The effect of an attack on another domain's calls. */
export function isolationNote(alone: Slowest, beside: Slowest, budgetMs: number): string {
  const longer = (beside.most - alone.most) / 1000;
  const verdict = longer <= budgetMs ? "met" : "MISSED";
  const notes = [
    `${beside.kind} ${longer.toFixed(1)} ms longer, budget ${budgetMs}: ${verdict}`,
    `${beside.count} calls, ${alone.count} alone`,
  ];
  if (beside.failed > 0) notes.push(`${beside.failed} of ${beside.count} calls refused`);
  return notes.join("; ");
}
