/** Columns of running text; test/house/length.test.ts has the same. */
const COLUMNS_MAX = 100;

/**
 * A code span or a link counts as one word, because some readers break a line at a newline in it.
 */
const word = /(?:`[^`]*`|\[[^\]]*\]\([^)]*\)|\S)+/g;

/** At the beginning of a line, Markdown takes these for a list or a heading. */
const marker = /^(?:[-+*#>]+|\d+[.)])$/;

/** Wraps paragraphs and list items. Tables, code and headings stay. */
export function wrapMarkdown(text) {
  const lines = [];
  let paragraph = null;
  let isCode = false;
  const end = () => {
    if (paragraph !== null) lines.push(...wrapped(paragraph));
    paragraph = null;
  };
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) isCode = !isCode;
    const item = /^ {0,3}(?:[-*]|\d+\.) +/.exec(line)?.[0];
    if (isCode || /^(?:$|```|\||#|<!--)/.test(line) || (line.startsWith("    ") && !paragraph)) {
      end();
      lines.push(line);
    } else if (item !== undefined) {
      end();
      paragraph = { first: item, rest: " ".repeat(item.length), text: line.slice(item.length) };
    } else if (paragraph === null) {
      paragraph = { first: "", rest: "", text: line };
    } else {
      paragraph.text += ` ${line.trim()}`;
    }
  }
  end();
  return lines.join("\n");
}

function wrapped({ first, rest, text }) {
  const lines = [];
  let line = first;
  let isEmpty = true;
  for (const [next] of text.matchAll(word)) {
    if (!isEmpty && line.length + 1 + next.length > COLUMNS_MAX && !marker.test(next)) {
      lines.push(line);
      line = rest + next;
    } else {
      line += isEmpty ? next : ` ${next}`;
    }
    isEmpty = false;
  }
  return [...lines, line];
}
