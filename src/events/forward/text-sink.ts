import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { GROUP_FILE, PRIVATE_FILE } from "../../base/modes.ts";
import { closeFile } from "../closed-files.ts";
import { TEXT_LOG_BYTES_MAX, TEXT_LOG_OLD_FILES_MAX } from "../limits.ts";
import { look, lookAt, requireFolder } from "../log/places.ts";
import type { Item } from "./item.ts";
import type { Sink, SinkState } from "./sink.ts";

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;

export interface TextLimits {
  readonly bytes: number;
  readonly oldFiles: number;
}

const NO_FILE = "";

const limitsDefault: TextLimits = { bytes: TEXT_LOG_BYTES_MAX, oldFiles: TEXT_LOG_OLD_FILES_MAX };

/**
 * Writes readable lines to `folder/name`; closed files are `name.1` and so on. `render` may return
 * no line.
 */
export function textSink(
  folder: string,
  name: string,
  render: (item: Item) => string,
  limits: TextLimits = limitsDefault,
): Sink {
  return new TextSink(`${folder}/${name}`, folder, render, limits);
}

class TextSink implements Sink {
  readonly #path: string;
  readonly #folder: string;
  readonly #render: (item: Item) => string;
  readonly #limits: TextLimits;
  #fd = -1;

  constructor(path: string, folder: string, render: (item: Item) => string, limits: TextLimits) {
    this.#path = path;
    this.#folder = folder;
    this.#render = render;
    this.#limits = limits;
  }

  deliver(items: readonly Item[]): ReturnType<Sink["deliver"]> {
    const bytes = Buffer.from(items.map(this.#render).join(""));
    if (bytes.length === 0) return { delivered: items.length, why: null };
    try {
      this.#open();
      this.#rotate(bytes.length);
      this.#append(bytes);
      return { delivered: items.length, why: null };
    } catch (error) {
      if (error instanceof Error && "code" in error)
        return { delivered: 0, why: `${this.#path}: ${error.code}` };
      throw error;
    }
  }

  state(): SinkState {
    const found = look(this.#path);
    return found === null ? { file: NO_FILE, size: 0 } : { file: found.key, size: found.size };
  }

  restore({ file, size }: SinkState): void {
    if (file === NO_FILE) {
      cut(this.#path, null, 0);
      return;
    }
    if (cut(this.#path, file, size)) return;
    // The file was closed after the state was taken, so all of its successor came later.
    if (cut(`${this.#path}.1`, file, size)) cut(this.#path, null, 0);
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  /** Tries again if another process moved the file away. */
  #open(): void {
    if (this.#fd >= 0 && look(this.#path)?.key === lookAt(this.#fd).key) return;
    this.close();
    requireFolder(this.#folder);
    this.#fd = openText(this.#path);
  }

  #append(bytes: Buffer): void {
    const { size } = lookAt(this.#fd);
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(this.#fd, bytes, done);
    } catch (error) {
      ftruncateSync(this.#fd, size);
      throw error;
    }
  }

  #rotate(more: number): void {
    const { size } = lookAt(this.#fd);
    if (size === 0 || size + more <= this.#limits.bytes) return;
    const old = (number: number) => `${this.#path}.${number}`;
    const kept = Array.from({ length: this.#limits.oldFiles }, (_, index) => index + 1);
    const free = kept.find((number) => look(old(number)) === null);
    if (free === undefined) unlinkSync(old(this.#limits.oldFiles));
    closeFile(this.#path, old, free ?? this.#limits.oldFiles);
    this.#open();
  }
}

function openText(path: string): number {
  const mode = process.geteuid?.() === 0 ? GROUP_FILE : PRIVATE_FILE;
  const isNew = look(path) === null;
  const fd = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode);
  if (isNew) fchmodSync(fd, mode);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Error(`${path} is not a file`);
}

/**
 * Cuts the file to `size` if it is the one that `key` means (null: any) and longer. False if it is
 * another one.
 */
function cut(path: string, key: string | null, size: number): boolean {
  const found = look(path);
  if (found === null || (key !== null && found.key !== key)) return false;
  if (found.size <= size) return true;
  const fd = openText(path);
  try {
    ftruncateSync(fd, size);
  } finally {
    closeSync(fd);
  }
  return true;
}
