/** The directories above an absolute name, without the root: of `/a/b/c`, `/a/b` and `/a`. */
export function* parentsOf(name: string): Generator<string> {
  for (let end = name.lastIndexOf("/"); end > 0; end = name.lastIndexOf("/", end - 1))
    yield name.slice(0, end);
}
