/** What a terminal sends for control and function keys (XTerm Control Sequences). */
const sequences: Readonly<Record<string, string>> = {
  "\u0003": "quit",
  "\u001a": "suspend",
  "\u000c": "space",
  "\r": "enter",
  "\n": "enter",
  "\u007f": "backspace",
  "\b": "backspace",
  " ": "space",
  "\u001b[A": "up",
  "\u001bOA": "up",
  "\u001b[B": "down",
  "\u001bOB": "down",
  "\u001b[5~": "page up",
  "\u001b[6~": "page down",
  "\u001b[H": "home",
  "\u001bOH": "home",
  "\u001b[1~": "home",
  "\u001b": "escape",
};

/** The keys in a terminal's input. An unknown sequence is one key without effect. */
export function keysIn(text: string): readonly string[] {
  const parts = text.match(/\u001b(?:\[[\d;]*[ -/]*[@-~]|O[@-~])|./gsu) ?? [];
  return parts.map((part) => sequences[part] ?? part);
}
