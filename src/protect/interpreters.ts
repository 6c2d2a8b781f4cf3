/** Folders with the modules of an interpreter, where Debian has them; none if they are missing. */
interface Interpreter {
  /** The last part of its canonical name; the first group is its version. */
  readonly program: RegExp;
  readonly modules: readonly string[];
  /** Modules may be machine code. */
  readonly letters: "r" | "rm";
}

const interpreters: readonly Interpreter[] = [
  {
    program: /^python([\d.]+)$/,
    modules: [
      "/usr/lib/python$1",
      "/usr/lib/python3",
      "/usr/local/lib/python$1/dist-packages",
      "/etc/python$1",
    ],
    letters: "rm",
  },
  {
    program: /^perl([\d.]*)$/,
    modules: ["/etc/perl", "/usr/share/perl", "/usr/share/perl5", "/usr/local/share/perl"],
    letters: "r",
  },
  { program: /^node(?:js)?()$/, modules: ["/usr/share/nodejs"], letters: "r" },
  {
    program: /^ruby([\d.]*)$/,
    modules: ["/usr/lib/ruby", "/var/lib/gems", "/usr/share/rubygems-integration"],
    letters: "rm",
  },
  {
    program: /^php([\d.]*)$/,
    modules: ["/etc/php", "/usr/share/php", "/usr/lib/php"],
    letters: "rm",
  },
  { program: /^java()$/, modules: ["/usr/lib/jvm", "/usr/share/java"], letters: "rm" },
  { program: /^(?:ba|da)?sh()$/, modules: [], letters: "r" },
];

/** null for a program that is no interpreter, as far as is known. */
export function modulesOf(program: string): Pick<Interpreter, "modules" | "letters"> | null {
  const name = program.slice(program.lastIndexOf("/") + 1);
  for (const { program: known, modules, letters } of interpreters) {
    const version = known.exec(name)?.[1];
    if (version !== undefined)
      return { letters, modules: modules.map((folder) => folder.replace("$1", version)) };
  }
  return null;
}
