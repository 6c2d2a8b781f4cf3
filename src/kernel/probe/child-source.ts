/**
 * The program of a throw-away Node process. It reads a {@link ChildProgram} from standard input,
 * makes its system calls one after the other on the main thread, and prints their results (negative
 * for an error number) as a JSON array. It is JavaScript in a string, because a bundled program has
 * no second file to start.
 */
export const childSource = `
const koffi = require(process.argv[1]);
const libc = koffi.load("libc.so.6");
const six_pointers = "void *a, void *b, void *c, void *d, void *e, void *f";
const syscall = libc.func("long syscall(long nr, " + six_pointers + ")");
const memcpy = libc.func("uint64_t memcpy(void *to, void *from, size_t length)");
const program = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const buffers = {};
for (const [name, hex] of Object.entries(program.buffers)) {
  const bytes = Buffer.from(hex, "hex");
  buffers[name] = Buffer.from(new ArrayBuffer(Math.max(bytes.length, 1)));
  buffers[name].set(bytes);
}
const results = [];
const value = (argument) => {
  if (typeof argument === "string") return buffers[argument];
  if (typeof argument === "object") return results[argument.result];
  return argument;
};
const six = (call) => Array.from({ length: 6 }, (_, index) => value(call.args[index] ?? 0));
const started = [];
const steps = {
  call: (step) => {
    const result = syscall(step.call, ...six(step));
    return result === -1 ? -koffi.errno() : result;
  },
  start: (step) => {
    started.push(new Promise((resolve) => {
      const ended = (error, result) => resolve(error ? -1 : result);
      syscall.async(step.start, ...six(step), ended);
    }));
    return 0;
  },
  join: () => started.shift(),
  store: ({ store }) => buffers[store.to].writeInt32LE(results[store.result], store.at),
  copy: ({ copy }) => buffers[copy.from].copy(buffers[copy.to], copy.at, 0, copy.length),
  point: ({ point }) => {
    const address = memcpy(buffers[point.to], buffers[point.to], 0);
    return buffers[point.in].writeBigUInt64LE(BigInt(address), point.at);
  },
};
(async () => {
  let failed = 0;
  for (const step of program.steps) {
    if ("need" in step && failed === 0) failed = Math.min(0, results[step.need]);
    const kind = Object.keys(steps).find((name) => name in step);
    results.push(failed < 0 ? failed : kind === undefined ? 0 : await steps[kind](step));
  }
  require("node:fs").writeSync(1, JSON.stringify(results));
  process.exit(0);
})();
`;
