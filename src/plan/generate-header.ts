import {
  ENTRY_SIZE,
  type FieldType,
  factRoles,
  HEADER_SIZE,
  header,
  levelNumbers,
  offsetsOf,
  PLAN_MAGIC,
  PLAN_VERSION,
  place,
  planFlags,
  planLimits,
  type RecordLayout,
  SECTION_ALIGNMENT,
  sectionEntry,
  sectionNames,
  sections,
} from "./layout.ts";
import {
  CLAIMANT_BYTES,
  CLAIMANT_HASH_BITS,
  CLAIMANTS_OFFSET,
  handOverGreetings,
  mediatorAnswers,
  PLACE_BYTES,
  PLACES_OF_HOST,
  PLACES_OF_ONE,
  PLACES_SUFFIX,
} from "./mediator-places.ts";
import {
  EXEC_BELL,
  EXEC_FOUND_MAX,
  EXEC_SIZE,
  EXECS_OFFSET,
  execOutcome,
  heldExec,
  letGoOn,
  MEDIATOR_RESTARTS_MAX,
  mediatorDescriptors,
  notedProcess,
  outdatedPolicy,
  RECORDS_GROUP,
  recordsGroup,
  recordsRead,
  SELF_CONFINED_SLOT,
  SLOT_BEHIND_OFFSET,
  SLOT_COUNT,
  SLOT_NOTIF_OFFSET,
  SLOT_RESPONSE_OFFSET,
  SLOT_SIZE,
  SLOTS_BYTES,
  selfConfined,
  slot,
  slotState,
  UNTOLD_SLOTS,
  untold,
} from "./slots.ts";

const cTypes = {
  u8: "uint8_t",
  u16: "uint16_t",
  u32: "uint32_t",
  u64: "uint64_t",
  i64: "int64_t",
  string: "uint32_t",
  path: "uint32_t",
  tag: "uint8_t",
} as const satisfies Record<FieldType, string>;

/** By the header's assertions the C compiler confirms every offset. */
export function generatePlanHeader(): string {
  const records = Object.entries<RecordLayout | string>(sections);
  return [
    "/* Generated from src/plan/layout.ts, slots.ts and mediator-places.ts; change it there. */",
    "#ifndef PLAN_LAYOUT_H",
    "#define PLAN_LAYOUT_H",
    "#include <stdbool.h>",
    "#include <stddef.h>",
    "#include <stdint.h>",
    "",
    `#define PLAN_MAGIC "${PLAN_MAGIC}"`,
    define("PLAN_VERSION", PLAN_VERSION),
    define("PLAN_SECTION_ALIGNMENT", SECTION_ALIGNMENT),
    define("PLAN_HEADER_SIZE", HEADER_SIZE),
    define("PLAN_ENTRY_SIZE", ENTRY_SIZE),
    ...Object.entries(planLimits).map(([name, value]) => define(name, value)),
    "",
    ...Object.entries(levelNumbers).map(([name, value]) =>
      define(`PLAN_LEVEL_${upper(name)}`, value),
    ),
    ...Object.entries(factRoles).map(([name, value]) => define(`FACT_${name}`, value)),
    ...Object.entries(planFlags).map(([name, value]) => define(`PLAN_${name}`, value)),
    define(
      "PLAN_FLAGS_KNOWN",
      Object.values(planFlags).reduce((set, flag) => set | flag, 0),
    ),
    "",
    ...sectionNames.map((name, index) => define(`SECTION_${upper(name)}`, index)),
    define("SECTION_COUNT", sectionNames.length),
    "",
    struct("plan_header", header),
    struct("plan_section", sectionEntry),
    ...records.flatMap(([name, layout]) =>
      typeof layout === "string" ? [] : [struct(`plan_${snake(name)}`, layout)],
    ),
    "/* Bytes of one record of each section, by section number. */",
    `#define SECTION_RECORD_SIZES { ${sectionNames.map(recordSizeInC).join(", ")} }`,
    "/* Every offset into the strings: section, place in its record, whether an absolute path. */",
    "#define SECTION_STRING_FIELDS {" +
      ` ${records.flatMap(([name, layout]) => stringFieldsInC(name, layout)).join(", ")} }`,
    "",
    ...slots(),
    define("SLOTS_BYTES", SLOTS_BYTES),
    define("EXECS_OFFSET", EXECS_OFFSET),
    define("EXEC_SIZE", EXEC_SIZE),
    define("EXEC_FOUND_MAX", EXEC_FOUND_MAX),
    struct("held_exec", heldExec),
    ...Object.entries(execOutcome).map(([name, value]) => define(`EXEC_${upper(name)}`, value)),
    `#define EXEC_BELL "${EXEC_BELL}"`,
    define("MEDIATOR_RESTARTS_MAX", MEDIATOR_RESTARTS_MAX),
    ...Object.entries(mediatorDescriptors).map(([name, value]) =>
      define(`MEDIATOR_FD_${upper(name)}`, value),
    ),
    ...Object.entries(mediatorAnswers).map(([name, value]) =>
      define(`MEDIATOR_SAYS_${upper(name)}`, value),
    ),
    ...Object.entries(handOverGreetings).map(
      ([name, text]) => `#define HOLDER_${upper(name)} "${text}"`,
    ),
    define("PLACES_OF_HOST", PLACES_OF_HOST),
    define("PLACES_OF_ONE", PLACES_OF_ONE),
    define("PLACE_BYTES", PLACE_BYTES),
    define("CLAIMANTS_OFFSET", CLAIMANTS_OFFSET),
    define("CLAIMANT_BYTES", CLAIMANT_BYTES),
    define("CLAIMANT_HASH_BITS", CLAIMANT_HASH_BITS),
    `#define PLACES_SUFFIX "${PLACES_SUFFIX}"`,
    "",
    "#endif",
    "",
  ].join("\n");
}

function slots(): string[] {
  return [
    define("SLOT_COUNT", SLOT_COUNT),
    define("SLOT_SIZE", SLOT_SIZE),
    define("SLOT_HANDS_OFFSET", offsetsOf(slot).hands),
    define("SLOT_NOTIF_OFFSET", SLOT_NOTIF_OFFSET),
    define("SLOT_RESPONSE_OFFSET", SLOT_RESPONSE_OFFSET),
    ...Object.entries(slotState).map(([name, value]) => define(`SLOT_${upper(name)}`, value)),
    ...Object.entries(UNTOLD_SLOTS).map(([name, index]) =>
      define(`SLOT_UNTOLD_${upper(name)}`, index * SLOT_SIZE + SLOT_BEHIND_OFFSET),
    ),
    define(
      "SLOT_RECORDS_GROUP",
      RECORDS_GROUP.slot * SLOT_SIZE + SLOT_BEHIND_OFFSET + RECORDS_GROUP.offset,
    ),
    define(
      "SLOT_ADOPTS",
      SELF_CONFINED_SLOT * SLOT_SIZE + SLOT_BEHIND_OFFSET + offsetsOf(selfConfined).adopts,
    ),
    "",
    "/* After the fields of some slots; only mediators read them. */",
    struct("slot_self_confined", selfConfined),
    struct("slot_untold", untold),
    struct("slot_let_go_on", letGoOn),
    struct("slot_records_group", recordsGroup),
    struct("slot_records_read", recordsRead),
    struct("slot_outdated_policy", outdatedPolicy),
    struct("slot_noted_process", notedProcess),
  ];
}

function recordSizeInC(name: (typeof sectionNames)[number]): string {
  return typeof sections[name] === "string" ? "1" : `sizeof(struct plan_${snake(name)})`;
}

function stringFieldsInC(section: string, layout: RecordLayout | string): string[] {
  if (typeof layout === "string") return [];
  return layout
    .filter(({ type }) => type === "string" || type === "path")
    .map(({ name, type }) => {
      const at = `offsetof(struct plan_${snake(section)}, ${snake(name)})`;
      return `{ SECTION_${upper(section)}, ${at}, ${type === "path"} }`;
    });
}

function struct(name: string, layout: RecordLayout): string {
  const { offsets, size } = place(layout);
  const members = layout.map(
    ({ name: field, type }) => `  ${cTypes[type]} ${snake(field)}${type === "tag" ? "[8]" : ""};`,
  );
  const checks = layout.map(
    ({ name: field }, index) =>
      `_Static_assert(offsetof(struct ${name}, ${snake(field)}) == ${offsets[index]}, "${field}");`,
  );
  return [
    `struct ${name} {`,
    ...members,
    "};",
    `_Static_assert(sizeof(struct ${name}) == ${size}, "${name}");`,
    ...checks,
    "",
  ].join("\n");
}

function define(name: string, value: number | bigint): string {
  return `#define ${name} ${value}`;
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function upper(name: string): string {
  return snake(name).toUpperCase();
}
