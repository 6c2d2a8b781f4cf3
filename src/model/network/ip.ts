/**
 * `10.0.0.1`: four decimal numbers without leading zeros, because some parsers read those as octal.
 */
export function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (
    parts.length !== 4 ||
    !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  )
    return null;
  return Uint8Array.from(parts, Number);
}

/** RFC 4291 section 2.2, including the form with an IPv4 address at the end. */
export function parseIpv6(text: string): Uint8Array | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = groups(halves[0] as string, halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1] as string, true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const all = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function groups(text: string, isEnd: boolean): number[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const numbers: number[] = [];
  for (const [index, part] of parts.entries()) {
    const ipv4 = isEnd && index === parts.length - 1 ? parseIpv4(part) : null;
    if (ipv4 !== null) {
      const [a, b, c, d] = ipv4 as unknown as [number, number, number, number];
      numbers.push(a * 256 + b, c * 256 + d);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) numbers.push(Number.parseInt(part, 16));
    else return null;
  }
  return numbers;
}

/** RFC 5952: lower case, the longest run of two or more zero groups (the first such) as `::`. */
export function formatIpv6(address: Uint8Array): string {
  const numbers = Array.from(
    { length: 8 },
    (_, at) => ((address[at * 2] ?? 0) << 8) | (address[at * 2 + 1] ?? 0),
  );
  let [best, bestLength] = [-1, 1];
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && numbers[end] === 0) end++;
    if (end - at > bestLength) [best, bestLength] = [at, end - at];
  }
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(":");
  return best < 0
    ? text(numbers)
    : `${text(numbers.slice(0, best))}::${text(numbers.slice(best + bestLength))}`;
}
