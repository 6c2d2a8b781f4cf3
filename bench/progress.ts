/** What is being measured, on standard error: standard output is the report alone. */
export function progress(what: string): void {
  process.stderr.write(`bench: ${what}\n`);
}
