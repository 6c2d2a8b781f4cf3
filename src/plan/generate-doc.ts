import {
  factRoles,
  header,
  PLAN_VERSION,
  place,
  planFlags,
  planLimits,
  type RecordLayout,
  SECTION_ALIGNMENT,
  sectionEntry,
  sections,
} from "./layout.ts";
import {
  EXEC_SIZE,
  heldExec,
  MEDIATOR_RESTARTS_MAX,
  SLOT_COUNT,
  SLOT_NOTIF_OFFSET,
  SLOT_RESPONSE_OFFSET,
  SLOT_SIZE,
  slotState,
} from "./slots.ts";

const roleDocs: Readonly<Record<string, string>> = {
  AUTHORITY: "all of it, whenever the plan is used; absent: lstat says ENOENT or ENOTDIR",
  SNAPSHOT: "all of it, if a ready plan is used; absent: lstat fails",
  OBJECT: "as SNAPSHOT, but of `mode` only the file type; the other fields are 0",
  UNTIL: "CLOCK_BOOTTIME is before `ctimeNs`, whenever the plan is used; the others are 0",
};

export function generatePlanDoc(): string {
  const states = Object.entries(slotState)
    .map(([name, value]) => `${value} ${name}`)
    .join(", ");
  return [
    "<!-- Generated from src/plan/layout.ts and src/plan/slots.ts; change it there. -->",
    "# The binary plan",
    "",
    `Version ${PLAN_VERSION}. All numbers are little-endian. A plan is a header, a section table` +
      " with one entry per section in the order",
    `below, and the sections. Each section begins at a multiple of ${SECTION_ALIGNMENT} bytes;`,
    "zero bytes fill the gaps, also at the end. `src/plan/decode.ts` and the launcher refuse a",
    "plan that differs from this form in any byte.",
    "",
    "Equal plans have equal bytes: facts and path rules are sorted by path, groups, ports and" +
      " attach types by number, strings are stored",
    "once in the order of first use.",
    "",
    "A sealed plan has Landlock rules and a filter. A supervised plan, as at level `warning`, has",
    "a filter with a listener and no Landlock rules. A plan of level `disabled` has no layers.",
    "Ambient capabilities are a subset of the bounding set, and rights of the handled rights.",
    "",
    "## Who accepts a plan",
    "",
    "The launcher takes a plan only from a file and a directory that belong to root or the" +
      " effective user and that no other user may write,",
    "without following a symbolic link in either name. Such a ready plan is stale if one of its",
    "facts no longer holds, if Landlock or Yama has changed, if cgroup v2 has been mounted since,",
    "or if the plan was made for another, single start. If a plan is stale, missing or damaged,",
    "the launcher runs the compiler. The compiler gives it the plan for this start in a memfd and",
    "writes the same bytes to the file for later starts. Its facts of role AUTHORITY and UNTIL",
    "must hold. Otherwise the launcher runs the compiler again, at most `COMPILATIONS_MAX` times",
    "(native/compile.c), and then fails with status 125. Changes of other names do not prevent the",
    "start. The launcher leaves out a rule whose object is missing or has another type.",
    "",
    "## Limits",
    "",
    ...Object.entries(planLimits).map(([name, value]) => `- \`${name}\`: ${value}`),
    "",
    "## Header",
    "",
    ...table(header),
    "## Section table, one entry",
    "",
    ...table(sectionEntry),
    "## Roles of facts",
    "",
    "| number | name | what must hold, and when |",
    "|---|---|---|",
    ...Object.entries(factRoles).map(([name, role]) => `| ${role} | ${name} | ${roleDocs[name]} |`),
    "",
    "## Flags",
    "",
    "| bit | name |",
    "|---|---|",
    ...Object.entries(planFlags).map(([name, bit]) => `| ${bit} | ${name} |`),
    "",
    ...Object.entries(sections).flatMap(([name, layout], index) => [
      `## Section ${index}: ${name}`,
      "",
      ...(typeof layout === "string" ? [`Bytes: ${layout}.`, ""] : table(layout)),
    ]),
    "## Slots of calls in flight",
    "",
    "Not part of a plan, but shared in the same way between the native holder and the mediator:" +
      ` a memfd of ${SLOT_COUNT} slots of ${SLOT_SIZE} bytes each.`,
    `At 0 is a u32 with the state (${states}), at`,
    `${SLOT_NOTIF_OFFSET} struct seccomp_notif, at ${SLOT_RESPONSE_OFFSET} struct`,
    "seccomp_notif_resp (linux/seccomp.h).",
    "",
    "When a mediator dies its successor takes the slots over.",
    "It sends the recorded response of every call that is `done`. It decides calls again that are",
    "`received`, and those that still wait in a `free` slot. It answers `started` calls with EIO,",
    "because their outcome is unknown.",
    `After ${MEDIATOR_RESTARTS_MAX} deaths in a row without an answer the holder answers: EIO to`,
    "received calls, EACCES to all later ones.",
    "",
    `Behind the slots lie as many records of ${EXEC_SIZE} bytes, one for each: an execve that a` +
      " mediator judged, which the holder lets go on and looks at",
    "([mediation.md](mediation.md)). Behind its fields lies the name of what was executed" +
      " instead, where that was something else.",
    "",
    ...table(heldExec),
  ].join("\n");
}

function table(layout: RecordLayout): string[] {
  const { offsets, size } = place(layout);
  return [
    `${size} bytes.`,
    "",
    "| at | type | field | meaning |",
    "|---|---|---|---|",
    ...layout.map(
      ({ name, type, doc }, index) => `| ${offsets[index]} | ${type} | \`${name}\` | ${doc} |`,
    ),
    "",
  ];
}
