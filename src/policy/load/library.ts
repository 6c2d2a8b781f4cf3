import { readdirSync } from "node:fs";
import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Diagnostic, Report, Span } from "../../diagnostics/diagnostic.ts";
import { type FileIdentity, type FileProblem, TrustedReader } from "./trusted-file.ts";

/**
 * The policies that come with the program. The owner of the program's folder controls all code that
 * the caller runs, so trusting that owner's policies adds no risk. That owner is trusted nowhere
 * else.
 */
export interface Shipped {
  readonly folder: string;
  readonly owner: number;
}

/**
 * Reads policy files, and records which were read and which were missing: the plan depends on both.
 */
export class Library {
  readonly files: string[] = [];
  readonly absent: string[] = [];
  /** For messages. */
  readonly sources = new Map<string, string>();
  /** Of `files`, when they were read. */
  readonly identities = new Map<string, FileIdentity>();
  readonly #reader = new TrustedReader();
  readonly #owners: readonly number[];
  readonly #shipped: Shipped | undefined;

  constructor(owners: readonly number[], shipped?: Shipped) {
    this.#owners = owners;
    this.#shipped = shipped;
  }

  /**
   * `refused` after a diagnostic at `asked`; `absent` without one, because another folder may have
   * the file.
   */
  read(file: string, asked: Span, report: Report): Uint8Array | "absent" | "refused" {
    const result = this.#reader.read(file, ownersOf(file, this.#owners, this.#shipped));
    if (result.outcome === "absent") {
      this.absent.push(file);
      return "absent";
    }
    if (result.outcome === "refused") {
      report(refusal(result.problem, asked));
      return "refused";
    }
    this.files.push(file);
    this.identities.set(file, result.identity);
    this.sources.set(file, new TextDecoder().decode(result.bytes));
    return result.bytes;
  }

  /** Call when all is read. */
  close(): void {
    this.#reader.close();
  }

  /** For "did you mean"; none if the folder cannot be listed. */
  names(folder: string): string[] {
    try {
      return readdirSync(folder)
        .filter((name) => name.endsWith(".yaml"))
        .map((name) => name.slice(0, -".yaml".length));
    } catch (error) {
      if (error instanceof Error && "code" in error) return [];
      throw error;
    }
  }
}

/** User ids that may own a policy file and the folders on its way. */
export function ownersOf(
  file: string,
  owners: readonly number[],
  shipped: Shipped | undefined,
): readonly number[] {
  return shipped && file.startsWith(`${shipped.folder}/`) ? [shipped.owner, ...owners] : owners;
}

function refusal(problem: FileProblem, asked: Span): Diagnostic {
  switch (problem.name) {
    case "file-unreadable":
      return diagnose(problem.name, asked, problem.values);
    case "file-not-regular":
      return diagnose(problem.name, asked, problem.values);
    case "file-symlink":
      return diagnose(problem.name, asked, problem.values);
    case "file-writable":
    case "folder-writable":
      return diagnose(problem.name, asked, problem.values);
    case "file-owner":
    case "folder-owner":
      return diagnose(problem.name, asked, problem.values);
    case "file-too-large":
      return diagnose(problem.name, asked, problem.values);
  }
}
