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

/** Makes `docs/events.md`; its formats come from the code that writes them. */
export function eventsDoc(): string {
  return `# Events

The event log records denials, warnings, failures of Cofferdam, and changes by administrators. Code:
\`src/events/\`; \`src/events/doc/\` generates this page.

    cofferdam events --since 1d                what happened, one entry per distinct access
    cofferdam events --follow                  what happens, live
    cofferdam events verify                    is the log unaltered?
    cofferdam why 812                          one event, and what would allow it

${indented(renderEvent(denial))}

## The log

The log is \`events.jsonl\` in the folder of events
([ARCHITECTURE.md](../ARCHITECTURE.md#where-things-lie)). Root and root's group may read the host's
log; only its owner may read a user's. Each line is a JSON object with the members of
\`src/events/event.ts\` and three more. Control characters and direction marks in names are escaped
(\`\\u009b\`), so that no line acts on the terminal that shows it:

${indented(encodeRecord(denial, genesis).line.trimEnd())}

- \`seq\` counts the records from 1, over all files and without restart.
- \`hash\` is SHA-256 in hexadecimal over the 64 characters of \`prev\` and the line's bytes up to
  the comma before \`"prev"\`.
- \`prev\` is the \`hash\` of the record before; in the first record 64 zeros.

\`request\` is the access in the terms of a policy, so that no program has to parse \`operation\`
and \`object\`: \`src/model/request.ts\` has its members, by class. An address is hexadecimal. A
name is text; a name that has a control character or is not UTF-8 is written as \`{"base64":...}\`.
The request is \`null\` if no rule can be about it, or if the kernel reported only a part. Records
of older versions lack the member; \`why\` explains those by their text if it is unambiguous.

\`count\` is the number of accesses that the record represents. The first access of its kind is
written at once; repeats follow together every few seconds, with the time of the first of them in
\`first\`. The counts of all records of a kind add up to the total. Kinds differ in domain, level,
source, verdict, class, operation, object, rule, reason or executable. Audit events and Cofferdam's
own events are never combined.

Mediators, collectors and the agent write the log in turn, under flock(2) on \`events.head\`; only
writers can open that file. It records where the chain ends. If a writer finds another end, it
continues there and writes a record with \`"chain":{"kind":"resumed","why":...}\`:

| why | what was found | what is lost |
|---|---|---|
| \`torn\` | a line without an end: its writer was killed in the middle | that record |
| \`altered\` | lines that are not records, or continue another chain | no record of this chain |
| \`truncated\` | the end was cut off | the records that were cut off |
| \`missing\` | the file was removed or exchanged | the records in it |

A full file is renamed to \`events.jsonl.1\`, an older one to \`.2\`, and so on; the chain
continues. Before the oldest file is removed, a record in the log says which records it contained.

**What the chain shows.** \`events verify\` detects records that were changed, cut off or removed
without rewriting everything after them. Root can rewrite everything after them: the chain is no
signature. If that matters, compare with the hashes that journald received (\`COFFERDAM_HASH\`),
preferably on another host. Records are not forced to disk one by one: after a power failure the
last seconds may be missing. \`verify\` says so if \`events.head\` is intact.

**If the log cannot be written** (full disk, missing folder, untrusted owner), no call waits or
fails. ${limits.LOG_WAITING_MAX} records wait in memory, and further ones are counted. The
writer tries again every ${limits.LOG_RETRY_MS} ms, and then a record \`lost\` has the count.

If a supervised domain's mediator is killed while it has unwritten records, its successor reports
their number in a record \`lost\`. A mediator that was killed just after it had written records
leaves their number, too: the log then has them by name and in that number.

## Copies in other logs

The agent copies every record to three other logs, and stores its position in each. If an agent was
killed, the next one removes the lines behind that position from the two files and writes them
again, so that no line is lost or duplicated. journald may get the last entries twice;
\`COFFERDAM_ID\` identifies duplicates.

*vmkernel.log*, in ESXi's form: time, severity, writer, process id, then the process, its
domain and the access:

${indented(vmkernelLine(item(denial)).trimEnd())}

*vobd.log*: audit events alone, under ESXi's ids:

${indented(vobdLines(item(levelChange)).trimEnd())}

*journald*, by its native protocol:

${indented([...journalFields(item(denial))].map(([name, value]) => `${name}=${value}`).join("\n"))}

## Names that a sealed domain no longer reaches

An event of the class \`drift\` (verdict \`noted\`) says that a granted name is not what it was at
the start of a run: \`operation\` is \`replaced\`, \`gone\`, \`appeared\` or \`restored\`,
\`object\` the name, \`process\` the run's first process
([agent.md](agent.md#granted-names-that-were-replaced)).

## Audit events

| Cofferdam's | ESXi's | arguments | severity |
|---|---|---|---|
${Object.values(auditCatalogue)
  .map(
    (kind) =>
      `| \`${kind.name}\` | \`${kind.event}\`, \`${kind.vob}\` | ` +
      `${kind.arguments.join(", ") || "none"} | ${kind.severity} |`,
  )
  .join("\n")}

Each names its author (\`by\`). ESXi writes at most one \`supershell.access\` in five minutes;
Cofferdam writes a record for each. \`object\` is the command as the user gave it. Phase, terminal,
origin, reason and status are separate members of \`supershell\`, so no command can forge them.

## Limits

| what | how much |
|---|---|
${rows
  .map(([what, value, unit]) => `| ${what} | ${value.toLocaleString("en")} ${unit} |`)
  .join("\n")}
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
