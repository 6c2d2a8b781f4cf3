/**
 * The stand-by's side of the watch's protocol, in a thread of its own: retires the loop of each
 * page in turn as soon as it sees a step, and notes the domain.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Observer } from "../../src/mediate/shared/watch-page.ts";

interface Work {
  readonly pages: SharedArrayBuffer;
  readonly pageWords: number;
  /** One word a page: the domain for which it was retired, or -1 where it was not. */
  readonly found: SharedArrayBuffer;
}

const { pages, pageWords, found } = workerData as Work;
const results = new Int32Array(found);
parentPort?.postMessage("ready");
for (let page = 0; page < results.length; page++) {
  const words = new Int32Array(pages, page * pageWords * 4, pageWords);
  const observer = new Observer({ fd: -1, words });
  // The loop's side says that it is over, one way or the other, in the page's last word.
  while (Atomics.load(words, pageWords - 1) === 0) {
    const seen = observer.look();
    if (!seen.inHand || !observer.retire(seen)) continue;
    Atomics.store(results, page, seen.domain);
    break;
  }
}
parentPort?.postMessage("done");
