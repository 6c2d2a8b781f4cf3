import { readFileSync } from "node:fs";
import { dirname } from "node:path";

/** For esbuild: a bundled file still finds those beside its source by `import.meta.dirname`. */
export const besideItsSource = {
  name: "beside-its-source",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll(
        "import.meta.dirname",
        JSON.stringify(dirname(path)),
      ),
      loader: "ts",
    }));
  },
};
