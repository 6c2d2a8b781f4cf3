import { whyNever } from "../kinds/syscalls/model.ts";
import { decide } from "../model/decide.ts";
import type { Policy } from "../model/policy.ts";
import { isMightyCall } from "./dangers.ts";
import type { Need } from "./need.ts";
import type { Proposal } from "./proposal.ts";

/** With fewer calls of a group each is granted by itself. */
const CALLS_MIN = 4;
/** A group is granted if at least this part of what the policy lacks of it was made. */
const SHARE_MIN = 1 / 2;

interface Group {
  readonly name: string;
  /** What the domain would have beside what it has. */
  readonly lacking: readonly string[];
}

/**
 * Groups of system calls, those first that cover most. A group that would add a call that reaches
 * beyond the domain is never proposed, whether that call was made or not: its calls are told one by
 * one, so that such a call stands apart.
 */
export function callGroupLines(
  policy: Policy,
  needs: readonly Need[],
  groups: ReadonlyMap<string, readonly string[]>,
): Proposal[] {
  const isLacking = (name: string) => {
    const answer = decide(policy, { class: "syscall", name });
    return answer.outcome === "denied" && answer.reason === "no-rule" && whyNever(name) === null;
  };
  let known = [...groups]
    .map(([name, calls]): Group => ({ name, lacking: calls.filter(isLacking) }))
    .filter(({ lacking }) => lacking.length > 0 && !lacking.some(isMightyCall));
  const found: Proposal[] = [];
  let open = new Map(
    needs.flatMap((need) =>
      need.request.class === "syscall" ? [[need.request.name, need] as const] : [],
    ),
  );
  for (;;) {
    const made = ({ lacking }: Group) => lacking.flatMap((name) => open.get(name) ?? []);
    const [best] = known
      .map((group) => ({ ...group, needs: made(group) }))
      .filter(({ needs: some, lacking }) => {
        return some.length >= CALLS_MIN && some.length >= lacking.length * SHARE_MIN;
      })
      .toSorted((a, b) => b.needs.length - a.needs.length || a.lacking.length - b.lacking.length);
    if (best === undefined) return found;
    const taken = new Set(best.needs);
    const others = best.lacking.filter((name) => !open.has(name));
    found.push({
      section: "syscalls",
      line: best.name,
      because: `${taken.size} of the ${best.lacking.length} calls that the policy lacks of it`,
      needs: best.needs,
      wider: others.length,
      others,
    });
    open = new Map([...open].filter(([, need]) => !taken.has(need)));
    const had = new Set(best.lacking);
    known = known.map(({ name, lacking }) => ({
      name,
      lacking: lacking.filter((call) => !had.has(call)),
    }));
  }
}
