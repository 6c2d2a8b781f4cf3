import { closeSync, openSync } from "node:fs";
import { hasCode } from "../../kernel/errno-error.ts";
import { LOG_FINDINGS_MAX, LOG_LOCK_WAIT_MS } from "../limits.ts";
import { Findings, type Verification } from "./findings.ts";
import { type Head, lock, parseHead, readHeadBytes } from "./head.ts";
import { linesOf } from "./lines.ts";
import { closeFiles, type LogFile, openFiles } from "./open-files.ts";
import { HEAD_NAME, lookAt } from "./places.ts";
import type { Progress } from "./read.ts";

/**
 * Checks every record of every file, and that none is missing between or after them. Writers may go
 * on meanwhile.
 */
export function verify(folder: string, progress?: (progress: Progress) => void): Verification {
  const { files, head } = snapshot(folder);
  try {
    const findings = new Findings(LOG_FINDINGS_MAX);
    const total = files.reduce((sum, { size }) => sum + size, 0);
    let before = 0;
    for (const { name, fd, size } of files) {
      let number = 0;
      for (const line of linesOf(fd, 0, size)) {
        number += 1;
        findings.line(line, name, number);
        progress?.({ done: before + line.at + line.length, total });
      }
      before += size;
    }
    return { files: files.length, ...findings.result(head) };
  } finally {
    closeFiles(files);
  }
}

/**
 * Files with their sizes and the head, of one moment between two writes. Only the owner may open
 * the head; for other callers it is missing.
 */
function snapshot(folder: string): { readonly files: LogFile[]; readonly head: Head | null } {
  const fd = openOwn(`${folder}/${HEAD_NAME}`);
  if (fd === null) return { files: openFiles(folder), head: null };
  try {
    lock(fd, LOG_LOCK_WAIT_MS);
    return {
      files: openFiles(folder).map((file) => ({ ...file, size: lookAt(file.fd).size })),
      head: parseHead(readHeadBytes(fd)),
    };
  } finally {
    closeSync(fd);
  }
}

function openOwn(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (hasCode(error, "ENOENT", "EACCES")) return null;
    throw error;
  }
}
