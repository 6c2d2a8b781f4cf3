import { auditCatalogue } from "../audit-catalogue.ts";
import type { Item } from "../forward/item.ts";
import { journalFields } from "../forward/journald.ts";
import { vmkernelLine } from "../forward/vmkernel.ts";
import { vobdLines } from "../forward/vobd.ts";
import * as limits from "../limits.ts";
import { encodeRecord, genesis } from "../log/record.ts";
import { renderEvent } from "../render.ts";
import { denial, levelChange } from "./sample.ts";

const item = (event: Item["event"]): Item => ({
  event,
  seq: 1,
  hash: encodeRecord(event, genesis).end.hash,
});

/** `docs/events.md`: what is said of formats is made by the code that makes them. */
export function eventsDoc(): string {
  return `# Events

What was denied, what was warned about, what Cofferdam could not do, and what somebody changed. Code: \`src/events/\`. This page is made by
\`src/events/doc/\`: its examples are what the code writes.

    cofferdam events --since 1d                what happened, one entry a distinct access
    cofferdam events --follow                  what happens
    cofferdam events verify                    is the log as it was written?
    cofferdam why 812                          that event again, and what would allow it

${indented(renderEvent(denial))}

## The log

\`events.jsonl\` in the folder of events ([ARCHITECTURE.md](../ARCHITECTURE.md#where-things-lie)), readable for root's group at most; without root its owner's alone.
One JSON object a line, with the members of \`src/events/event.ts\` and three more. Controls and marks of direction in names are escaped (\`\\u009b\`), so that no line acts on the terminal it is shown on:

${indented(encodeRecord(denial, genesis).line.trimEnd())}

- \`seq\` counts the records from 1, over all files and for good.
- \`hash\` is SHA-256 in hexadecimal over the 64 characters of \`prev\` and the line's bytes up to the comma before \`"prev"\`.
- \`prev\` is the \`hash\` of the record before; of the first one 64 zeros.

\`request\` is what was asked in the terms of a policy, so that no program has to read
\`operation\` and \`object\`: its members, by class, are those of \`src/model/request.ts\`. An
address is hexadecimal. A name is text; one with a control character, or that is no UTF-8, is
\`{"base64":...}\`, its bytes. \`null\`: no rule is about it, or the kernel reported only a part.
Records of older versions lack the member, and \`why\` explains those by their words where these
are clear.

\`count\` says for how many times a record stands. The first of its kind is written at once, repeats together every few seconds with the time of the first of
them in \`first\`: counts of all records of a kind add up. Kinds differ in domain, level, source, verdict, class, operation, object, rule, reason or executable.
Audit events and Cofferdam's own are never put together.

Writers (mediators, collectors, the agent) take turns under flock(2) on \`events.head\`, which also says where the chain ended; no reader can hold it. Where the last writer left something else
than it said, the next one goes on behind it and says so in a record with \`"chain":{"kind":"resumed","why":...}\`:

| why | what was found | what is lost |
|---|---|---|
| \`torn\` | a line without an end: its writer was killed in the middle | that record |
| \`altered\` | lines that are no records, or continue another chain | nothing of ours |
| \`truncated\` | the end was cut off | what was cut off, in numbers of records |
| \`missing\` | the file was removed or exchanged | what was in it |

A file that is full becomes \`events.jsonl.1\`, that one \`.2\`, and so on; the chain goes on. Before the oldest is removed, a record says which records went with it.

**What the chain shows, and what not.** Whoever changes, cuts or takes out records without writing everything behind them anew is found. Root can write all of it anew: the chain is no
signature. Where that matters, compare with the hashes that journald was sent (\`COFFERDAM_HASH\`), best on another host. Records are not forced to the disk one by one: after a power failure the last seconds may be missing,
and \`verify\` says so if the head survived.

**When it cannot be written** (disk full, folder gone, not to be trusted), nobody waits and nothing fails: ${limits.LOG_WAITING_MAX} records wait in memory, the rest is counted; every ${limits.LOG_RETRY_MS} ms it is tried again, and then a
record \`lost\` says how many.

## Beside the log

The agent passes every record on, and remembers for each of these how far it is. An agent that was killed takes back from the two files what it had not
yet noted, so that no line is lost or doubled; journald may get the last entries twice, which \`COFFERDAM_ID\` tells apart.

*vmkernel.log*, in the manner of the original: time, severity, who writes, process id, then who in which domain wanted what:

${indented(vmkernelLine(item(denial)).trimEnd())}

*vobd.log*: audit events alone, under the original's ids:

${indented(vobdLines(item(levelChange)).trimEnd())}

*journald*, by its native protocol:

${indented([...journalFields(item(denial))].map(([name, value]) => `${name}=${value}`).join("\n"))}

## Audit events

| ours | the original's | its arguments | severity |
|---|---|---|---|
${Object.values(auditCatalogue)
  .map(
    (kind) =>
      `| \`${kind.name}\` | \`${kind.event}\`, \`${kind.vob}\` | ${kind.arguments.join(", ") || "none"} | ${kind.severity} |`,
  )
  .join("\n")}

Each carries who gave the order (\`by\`). The original writes at most one \`supershell.access\` in five minutes; here each has its record:
\`object\` is the command as it was given, and \`supershell\` has the rest in members of its own (phase, terminal, origin, reason, status), so that no command can look like them to a program.

## Limits

| what | how much |
|---|---|
${rows.map(([what, value, unit]) => `| ${what} | ${value.toLocaleString("en")} ${unit} |`).join("\n")}
`;
}

const rows: readonly (readonly [string, number, string])[] = [
  ["a file of the log", limits.LOG_FILE_BYTES_MAX, "bytes"],
  ["closed files of the log", limits.LOG_OLD_FILES_MAX, ""],
  ["a record", limits.RECORD_BYTES_MAX, "bytes; a longer one is counted as lost"],
  ["records that wait while the log cannot be written", limits.LOG_WAITING_MAX, ""],
  ["wait for another writer", limits.LOG_LOCK_WAIT_MS, "ms, then the record waits in memory"],
  [
    "different events that get a line of their own between two flushes",
    limits.EVENTS_NAMED_MAX,
    "a writer",
  ],
  ["time between two flushes", limits.FOLD_FLUSH_MS, "ms"],
  ["a file of vmkernel.log or vobd.log", limits.TEXT_LOG_BYTES_MAX, "bytes"],
  ["closed files of these", limits.TEXT_LOG_OLD_FILES_MAX, "each"],
];

function indented(text: string): string {
  return text.replace(/^/gm, "    ");
}
