import { type FileProblem, TrustedReader } from "../../policy/load/trusted-file.ts";

/** Reads files of rules with the checks for policy files, because they become policies. */
export class RulesReader {
  readonly #reader = new TrustedReader();
  readonly #owners = [0, process.geteuid?.() ?? 0];

  /** The text, or the reason why it must not be used. */
  read(path: string): { readonly text: string } | { readonly why: string } {
    const result = this.#reader.read(path, this.#owners);
    if (result.outcome === "absent") return { why: "it has just been removed" };
    if (result.outcome === "refused") return { why: whyNot(result.problem) };
    const text = textOf(result.bytes);
    return text === null || text.includes("\0") ? { why: "it is not UTF-8 text" } : { text };
  }

  close(): void {
    this.#reader.close();
  }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function whyNot(problem: FileProblem): string {
  switch (problem.name) {
    case "file-unreadable":
      return `it cannot be read: ${problem.values.reason}`;
    case "file-symlink":
    case "file-not-regular":
      return "it is not a regular file";
    case "file-writable":
      return "others may write it";
    case "folder-writable":
      return `others may write ${problem.values.path}`;
    case "file-owner":
    case "folder-owner":
      return `${problem.values.path} belongs to user ${problem.values.uid}`;
    case "file-too-large":
      return `it is larger than ${problem.values.limit} bytes`;
  }
}
