import { ErrnoError } from "../../kernel/errno-error.ts";
import type { Item } from "./item.ts";
import { JOURNAL_SOCKET, JournalSocket } from "./journal-socket.ts";
import { encodeEntry, journalFields } from "./journald.ts";
import type { Sink } from "./sink.ts";

/**
 * journald keeps what it was sent. After a forwarder was killed it may get some entries twice,
 * recognisable by `COFFERDAM_ID`.
 */
export function journalSink(path = JOURNAL_SOCKET): Sink {
  const socket = new JournalSocket(path);
  return {
    deliver: (items) => deliver(socket, items),
    state: () => null,
    restore: () => undefined,
    close: () => socket.close(),
  };
}

function deliver(socket: JournalSocket, items: readonly Item[]): ReturnType<Sink["deliver"]> {
  let delivered = 0;
  try {
    for (const item of items) {
      socket.send(encodeEntry(journalFields(item)));
      delivered += 1;
    }
    return { delivered, why: null };
  } catch (error) {
    if (error instanceof ErrnoError) return { delivered, why: error.message };
    throw error;
  }
}
